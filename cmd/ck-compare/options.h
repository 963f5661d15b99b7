#ifndef CK_COMPARE_OPTIONS_H
#define CK_COMPARE_OPTIONS_H

#include "base/option.h"

typedef struct ck_compare_options {
    ck_common common;
    const char *truth_plane, *plane; /* NULL: the first of the usual ones */
    bool json;
} ck_compare_options;

extern const ck_program ck_compare_program;

#endif
