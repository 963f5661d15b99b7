/* The folder of the running program, which also holds its companions. */
#ifndef CK_BASE_SELF_H
#define CK_BASE_SELF_H

#include <limits.h>
#include <stdbool.h>

/* The program's folder without a slash at the end; false if unknown. */
bool ck_self_folder(char folder[PATH_MAX]);

/* Owned path of a program beside this one, or its bare name for $PATH; NULL when out of memory. */
char *ck_self_program(const char *name);

#endif
