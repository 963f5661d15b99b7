#ifndef CK_DECODE_OPTIONS_H
#define CK_DECODE_OPTIONS_H

#include "base/option.h"
#include "io/av_colour.h"

typedef struct ck_decode_options {
    ck_common common;
    const char *hint, *frames; /* NULL = not given */
    int missing;               /* ck_missing */
    bool linear, srgb;
    ck_av_choice colour;
} ck_decode_options;

extern const ck_program ck_decode_program;

#endif
