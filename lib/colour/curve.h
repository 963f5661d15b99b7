/* Transfer curves: codes to linear light and back.
 *
 *     srgb          IEC 61966-2-1
 *     bt709         ITU-R BT.709-6, 1.2 (the camera's curve)
 *     bt1886        ITU-R BT.1886, black at 0: a power of 2.4
 *     gammaN        a power of N, 0.1 to 10, as gamma2.6
 *     linear
 *     pq            SMPTE ST 2084; 203 cd/m2, the white of ITU-R BT.2408, is 1
 *     hlg           ITU-R BT.2100-2, inverse OETF without OOTF: the peak, code 1, is 1
 *     log100 log316 ITU-T H.273, transfer characteristics 9 and 10
 *     logc3         ARRI Log C3, EI 800; logc3-eiN for the exposure index N, 160 to 3200
 *     logc4         ARRI LogC4 Specification, 2022
 *     slog3         Sony S-Log3, Technical Summary, 2014
 *     vlog          Panasonic V-Log/V-Gamut Reference Manual, 2014
 *     clog2 clog3   Canon Log Gamma Curves, 2018; 0.9 is the light of 90 % white
 *     log3g10       RED Log3G10, white paper 915-0187, 2017
 *     flog2         Fujifilm F-Log2 Data Sheet 1.0, 2022
 *     acescct acescc    S-2016-001, S-2014-003 of the Academy
 *     cineon        Kodak, codes 95 and 685 of 10 bits are 0 and 1, 0.002 density a code, gamma 0.6
 *     intermediate  DaVinci Wide Gamut Intermediate, Blackmagic Design, 2021
 *
 * The codes of 0 and 1 are the values 0 and 1; the codes of n bits are divided by 2^n - 1.  Neither side is clamped.
 * Where a formula ends at 0, negative values are mirrored: f(-x) = -f(x).
 *
 * Computed in double, with powers and logarithms within 1e-12: the error against exact arithmetic is the rounding of
 * the result to float32. */
#ifndef CK_COLOUR_CURVE_H
#define CK_COLOUR_CURVE_H

#include <stdbool.h>
#include <stddef.h>

#define CK_CURVE_NAME 16 /* bytes of a curve's name, NUL included; it fits a plane's encoding */

/* A curve's names, for messages. */
#define CK_CURVES                                                                                                      \
    "srgb, bt709, bt1886, gammaN, linear, pq, hlg, log100, log316, logc3, logc3-eiN, logc4, slog3, vlog, clog2, "      \
    "clog3, log3g10, flog2, acescct, acescc, cineon, intermediate"

typedef struct ck_curve {
    char name[CK_CURVE_NAME]; /* as in the list above */
    const struct ck_curve_kind *kind;
    const struct ck_curve_toe *toe; /* of a logarithm with a linear toe */
    double gamma;                   /* of gammaN */
} ck_curve;

/* Parse n bytes: a name of the list above, as users write it ("S-Log3", "LogC3 EI 400", "Rec.709"), or libav's.  False
 * for anything else. */
bool ck_curve_parse(const char *text, size_t n, ck_curve *out);
bool ck_curve_named(const char *text, ck_curve *out); /* the whole text; NULL is no curve */

/* True for curves of displays (srgb, bt709, bt1886, gamma2.2, gamma2.8): ck keeps their codes and takes them for
 * sRGB's. */
bool ck_curve_display(const ck_curve *c);
bool ck_curve_linear(const ck_curve *c);
bool ck_curve_same(const ck_curve *a, const ck_curve *b);

/* The code of ITU-T H.273, 2 (unspecified) if it has none; and the curve of a code, false if unknown. */
int ck_curve_h273(const ck_curve *c);
bool ck_curve_of_h273(int code, ck_curve *out);

/* src == dst is allowed.  ck_curve_decode: codes to light; NaN stays. */
void ck_curve_decode(const ck_curve *c, const float *src, float *dst, size_t n);
void ck_curve_encode(const ck_curve *c, const float *src, float *dst, size_t n);

#endif
