/* Where the running program lies: its companions are beside it. */
#ifndef CK_BASE_SELF_H
#define CK_BASE_SELF_H

#include <limits.h>
#include <stdbool.h>

/* The folder of the program, without a slash at the end; false if the system does not say. */
bool ck_self_folder(char folder[PATH_MAX]);

/* Owned path of a program beside this one, or its bare name for $PATH; NULL when out of memory. */
char *ck_self_program(const char *name);

#endif
