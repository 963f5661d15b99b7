/* Processes that `ck` starts. */
#ifndef CK_CK_CHILD_H
#define CK_CK_CHILD_H

#include <sys/types.h>

/* In the child: ask for a signal when its parent dies, and exit if that has died already. */
void ck_child_follow(pid_t parent);

#endif
