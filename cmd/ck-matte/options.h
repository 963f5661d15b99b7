#ifndef CK_MATTE_OPTIONS_H
#define CK_MATTE_OPTIONS_H

#include "base/option.h"

typedef struct ck_matte_program_options {
    ck_common common;
    const char *from; /* a plane, or NULL: alpha is there */
    int depth;        /* CK_DEPTH_32, … */
    double black, white, gamma;
    int fill, specks; /* pixels; 0 = off */
    double grow, soften;
} ck_matte_program_options;

extern const ck_program ck_matte_program;

#endif
