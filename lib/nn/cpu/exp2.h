/* Powers of two in float32.
 *
 * x = n + f with n an integer and |f| <= 1/2; 2^f is the minimax polynomial of degree 6 (relative error 2e-9 in exact
 * arithmetic; rounding in float32 adds 1.5e-7). */
#ifndef CK_NN_CPU_EXP2_H
#define CK_NN_CPU_EXP2_H

#include <stdint.h>

#include "base/bits.h"

#define EXP2_0 1.0f
#define EXP2_1 0.6931471824645996f
#define EXP2_2 0.24022646248340607f
#define EXP2_3 0.05550328642129898f
#define EXP2_4 0.009618489071726799f
#define EXP2_5 0.0013399930903688073f
#define EXP2_6 0.0001534581242594868f

#define EXP2_LEAST -126.0f     /* the result is 0 below */
#define EXP2_ROUND 12582912.0f /* 1.5 * 2^23: adding and subtracting it rounds to integers */

/* 2^x for -126 <= x <= 127; NaN gives NaN.  Without branches, so that loops around it vectorise. */
static inline float exp2_plain(float x)
{
    float r = x + EXP2_ROUND, f = x - (r - EXP2_ROUND); /* the lowest bits of r are n */
    float p = EXP2_6;
    p = p * f + EXP2_5;
    p = p * f + EXP2_4;
    p = p * f + EXP2_3;
    p = p * f + EXP2_2;
    p = p * f + EXP2_1;
    p = p * f + EXP2_0;
    return p * ck_float_of_bits((ck_float_bits(r) + 127) << 23);
}

#endif
