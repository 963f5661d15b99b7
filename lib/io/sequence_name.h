/* Parts of a file name: FOLDER/ PREFIX NUMBER TAIL .SUFFIX */
#ifndef CK_IO_SEQUENCE_NAME_H
#define CK_IO_SEQUENCE_NAME_H

#include <stddef.h>

/* Byte offsets from the start of the path.  Without a number, `from` and `to` are both at the end of the stem. */
typedef struct ck_sequence_name {
    size_t base;     /* start of the name */
    size_t from, to; /* last digits of the stem, with their sign */
    size_t stem;     /* end of the stem; the suffix begins here with its dot */
    long number;     /* CK_NO_NUMBER without digits or with too many */
} ck_sequence_name;

/* Split a path.  A '-' is a sign at the start of the name, and after anything but a letter or digit: shot.-0001 is -1,
 * shot-0001 is 1. */
ck_sequence_name ck_sequence_name_of(const char *path);

#endif
