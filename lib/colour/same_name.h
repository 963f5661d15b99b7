/* Names of curves, primaries and spaces, compared as users write them. */
#ifndef CK_COLOUR_SAME_NAME_H
#define CK_COLOUR_SAME_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* True if the first n bytes of `text` and `name` have the same letters and digits, whatever their case and the signs
 * between them: "S-Log3" is "slog3". */
bool ck_same_name(const char *text, size_t n, const char *name);
/* The same for any of `names`, which are separated by spaces. */
bool ck_one_of_names(const char *text, size_t n, const char *names);

#endif
