/* Files of a numbered sequence in a folder. */
#ifndef CK_ENCODE_SIBLINGS_H
#define CK_ENCODE_SIBLINGS_H

#include <stdbool.h>

#include "io/ranges.h"

/* True if the file name differs from `like` at most in its number, and `numbers` has that number (n 0: any). */
bool ck_sibling(const char *name, const char *like, const ck_ranges *numbers);

#endif
