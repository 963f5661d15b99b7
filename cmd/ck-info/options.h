#ifndef CK_INFO_OPTIONS_H
#define CK_INFO_OPTIONS_H

#include "base/option.h"

typedef struct ck_info_options {
    ck_common common;
    const char *npy;   /* folder, or NULL */
    const char *sheet; /* PNG, or NULL */
    bool pass;
} ck_info_options;

extern const ck_program ck_info_program;

#endif
