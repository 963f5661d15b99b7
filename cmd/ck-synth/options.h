#ifndef CK_SYNTH_OPTIONS_H
#define CK_SYNTH_OPTIONS_H

#include "base/option.h"

typedef struct ck_synth_options {
    ck_common common;
    ck_size size;
    int frames, seed;
    bool blue;
} ck_synth_options;

extern const ck_program ck_synth_program;

#endif
