/* The folder of the running program, which also holds the project's other programs. */
#ifndef CK_BASE_SELF_H
#define CK_BASE_SELF_H

#include <limits.h>
#include <stdbool.h>

/* The program's folder without a trailing slash; false if unknown. */
bool ck_self_folder(char folder[PATH_MAX]);

/* Owned path of a program in that folder, or its bare name to be found in $PATH; NULL when out of memory. */
char *ck_self_program(const char *name);

/* True if $PATH has a program of that name. */
bool ck_self_on_path(const char *name);

#endif
