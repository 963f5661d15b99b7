#ifndef CK_DECODE_OPTIONS_H
#define CK_DECODE_OPTIONS_H

#include "base/option.h"
#include "io/av_colour.h"

typedef struct ck_decode_options {
    ck_common common;
    const char *hint, *frames; /* NULL = not given */
    bool linear, srgb, repair;
    int hint_channel; /* CK_WANT_HINT + this is the want */
    int missing;      /* ck_missing */
    ck_av_choice colour;
    int stream; /* -1: the best one */
} ck_decode_options;

extern const ck_program ck_decode_program;

#endif
