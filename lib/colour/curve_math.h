/* The formulas behind curve.h, in double. */
#ifndef CK_COLOUR_CURVE_MATH_H
#define CK_COLOUR_CURVE_MATH_H

#include "colour/curve.h"

/* A logarithm with a linear toe:
 *
 *     light > cut    code = c log10(a light + b) + d
 *     else           code = e light + f
 *
 * code_cut: the code at `cut`. */
typedef struct ck_curve_toe {
    double a, b, c, d, e, f, cut, code_cut;
} ck_curve_toe;

typedef void ck_curve_function(const ck_curve *c, const float *src, float *dst, size_t n);

typedef struct ck_curve_kind {
    ck_curve_function *decode, *encode;
    bool display;
} ck_curve_kind;

extern const ck_curve_kind ck_curve_kind_linear, ck_curve_kind_srgb, ck_curve_kind_bt709, ck_curve_kind_bt1886,
    ck_curve_kind_gamma, ck_curve_kind_display_gamma, ck_curve_kind_pq, ck_curve_kind_hlg, ck_curve_kind_log100,
    ck_curve_kind_log316, ck_curve_kind_toe, ck_curve_kind_clog2, ck_curve_kind_clog3, ck_curve_kind_acescc,
    ck_curve_kind_cineon;

#endif
