/* A file's name taken apart: FOLDER/ PREFIX NUMBER TAIL .SUFFIX */
#ifndef CK_IO_SEQUENCE_NAME_H
#define CK_IO_SEQUENCE_NAME_H

#include <stddef.h>

/* All from the start of the path.  Without a number `from` and `to` are both at the end of the stem. */
typedef struct ck_sequence_name {
    size_t base;     /* where the name begins */
    size_t from, to; /* the last digits of the stem, with their sign */
    size_t stem;     /* where the stem ends and the suffix with its dot begins */
    long number;     /* CK_NO_NUMBER if there are no digits, or too many */
} ck_sequence_name;

/* A '-' is a sign if it stands at the beginning of the name or behind something other than a letter or digit:
 * shot.-0001 is minus one, shot-0001 is one. */
ck_sequence_name ck_sequence_name_of(const char *path);

#endif
