/* Every formula is a function of one value without branches, so that the compiler puts several values into a vector. */
#include "colour/curve_math.h"

#include <math.h>

#include "base/bits.h"
#include "base/clones.h"

/* ---- elementary functions ---- */

/* a if `first`, else b.  By bit masks: with ?: the compiler does not vectorise. */
static inline double choose(bool first, double a, double b)
{
    uint64_t mask = -(uint64_t)first;
    return ck_double_of_bits((ck_double_bits(a) & mask) | (ck_double_bits(b) & ~mask));
}

static inline double larger(double a, double b)
{
    return choose(a > b, a, b);
}

/* f(-x) = -f(x): the sign of x for y = f(|x|).  NaN stays. */
static inline double mirrored(double x, double y)
{
    uint64_t sign = (uint64_t)1 << 63;
    return choose(x != x, x, ck_double_of_bits((ck_double_bits(y) & ~sign) | (ck_double_bits(x) & sign)));
}

#define TWO_52 0x1p52

/* x = 2^e m with m from sqrt(1/2) to sqrt(2), and log(m) = 2 artanh((m - 1) / (m + 1)) as a series, whose rest is below
 * 1e-13.  Of 0 it is -1023. */
static inline double log2_of(double x)
{
    /* Subtracting the bits of sqrt(1/2) leaves an exponent that is rounded as m needs it. */
    uint64_t u = ck_double_bits(x) - 0x3fe6a09e667f3bcd;
    uint64_t e = ((u >> 52) + 1024) & 0xfff; /* of 1: 1024 */
    double m = ck_double_of_bits((u & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd);
    double exponent = ck_double_of_bits(e | 0x4330000000000000) - (TWO_52 + 1024);
    exponent = choose(exponent > 2047, exponent - 4096, exponent);
    double s = (m - 1) / (m + 1), z = s * s;
    double series =
        1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11 + z * (1.0 / 13 + z * (1.0 / 15))))));
    return exponent + (s + s * z * series) * 2.8853900817779268147; /* 2 / log(2) */
}

/* 2^n times the Taylor series of 2^f, |f| at most 1/2, whose rest is below 1e-13.  Exponents are limited to +-1000. */
static inline double exp2_of(double x)
{
    x = choose(x < -1000, -1000, choose(x > 1000, 1000, x));
    double shifted = x + 1.5 * TWO_52, f = (x - (shifted - 1.5 * TWO_52)) * 0.69314718055994530942;
    double high = 1.0 / 720 + f * (1.0 / 5040 + f * (1.0 / 40320 + f * (1.0 / 362880 + f * (1.0 / 3628800))));
    double y = 1 + f * (1 + f * (1.0 / 2 + f * (1.0 / 6 + f * (1.0 / 24 + f * (1.0 / 120 + f * high)))));
    return ck_double_of_bits(ck_double_bits(y) + (ck_double_bits(shifted) << 52));
}

#define LOG2_10 3.3219280948873623478703

static inline double exp10_of(double x)
{
    return exp2_of(x * LOG2_10);
}

static inline double log10_of(double x)
{
    return log2_of(x) * (1 / LOG2_10);
}

/* x at least 0, p above 0 */
static inline double power(double x, double p)
{
    return exp2_of(p * log2_of(x));
}

/* A function for arrays from one for values. */
#define ROWS(NAME)                                                                                                     \
    CK_CLONES                                                                                                          \
    static void NAME##_rows(const ck_curve *c, const float *src, float *dst, size_t n)                                 \
    {                                                                                                                  \
        const ck_curve_toe t = c->toe ? *c->toe : (ck_curve_toe){0};                                                   \
        const double gamma = c->gamma;                                                                                 \
        _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++) dst[i] = (float)NAME((double)src[i], gamma, &t);           \
    }

#define VALUE(NAME) static inline double NAME(double x, double gamma, const ck_curve_toe *t)
#define UNUSED                                                                                                         \
    (void)gamma;                                                                                                       \
    (void)t

/* ---- powers ---- */

VALUE(same)
{
    UNUSED;
    return x;
}
ROWS(same)

VALUE(from_srgb)
{
    UNUSED;
    double v = fabs(x);
    return mirrored(x, choose(v <= 0.04045, v / 12.92, power((v + 0.055) / 1.055, 2.4)));
}
ROWS(from_srgb)

VALUE(to_srgb)
{
    UNUSED;
    double v = fabs(x);
    return mirrored(x, choose(v <= 0.0031308, v * 12.92, 1.055 * power(v, 1 / 2.4) - 0.055));
}
ROWS(to_srgb)

VALUE(from_bt709)
{
    UNUSED;
    double v = fabs(x);
    return mirrored(x, choose(v < 4.5 * 0.018, v / 4.5, power((v + 0.099) / 1.099, 1 / 0.45)));
}
ROWS(from_bt709)

VALUE(to_bt709)
{
    UNUSED;
    double v = fabs(x);
    return mirrored(x, choose(v < 0.018, 4.5 * v, 1.099 * power(v, 0.45) - 0.099));
}
ROWS(to_bt709)

VALUE(from_gamma)
{
    UNUSED;
    return mirrored(x, power(fabs(x), gamma));
}
ROWS(from_gamma)

VALUE(to_gamma)
{
    UNUSED;
    return mirrored(x, power(fabs(x), 1 / gamma));
}
ROWS(to_gamma)

/* ---- HDR video ---- */

#define PQ_M1 (2610.0 / 16384)
#define PQ_M2 (2523.0 / 4096 * 128)
#define PQ_C1 (3424.0 / 4096)
#define PQ_C2 (2413.0 / 4096 * 32)
#define PQ_C3 (2392.0 / 4096 * 32)
#define PQ_WHITE 203.0

VALUE(from_pq)
{
    UNUSED;
    double p = power(fabs(x), 1 / PQ_M2);
    return mirrored(x, 10000 / PQ_WHITE * power(larger(p - PQ_C1, 0) / (PQ_C2 - PQ_C3 * p), 1 / PQ_M1));
}
ROWS(from_pq)

VALUE(to_pq)
{
    UNUSED;
    double p = power(fabs(x) * (PQ_WHITE / 10000), PQ_M1);
    return mirrored(x, power((PQ_C1 + PQ_C2 * p) / (1 + PQ_C3 * p), PQ_M2));
}
ROWS(to_pq)

#define HLG_A 0.17883277
#define HLG_B (1 - 4 * HLG_A)
#define HLG_C 0.55991072952956202 /* 1/2 - a log(4 a) */
#define LOG2_E 1.4426950408889634074

VALUE(from_hlg)
{
    UNUSED;
    double v = fabs(x);
    return mirrored(x, choose(v <= 0.5, v * v / 3, (exp2_of((v - HLG_C) * (LOG2_E / HLG_A)) + HLG_B) / 12));
}
ROWS(from_hlg)

VALUE(to_hlg)
{
    UNUSED;
    double v = fabs(x);
    return mirrored(x, choose(v <= 1.0 / 12, sqrt(3 * v), HLG_A / LOG2_E * log2_of(larger(12 * v - HLG_B, 0)) + HLG_C));
}
ROWS(to_hlg)

/* ---- logarithms ---- */

VALUE(from_log100)
{
    UNUSED;
    return choose(x > 0, exp10_of(2 * (x - 1)), 0 * x);
}
ROWS(from_log100)

VALUE(to_log100)
{
    UNUSED;
    return choose(x > 0.01, 1 + log10_of(fabs(x)) / 2, 0 * x);
}
ROWS(to_log100)

VALUE(from_log316)
{
    UNUSED;
    return choose(x > 0, exp10_of(2.5 * (x - 1)), 0 * x);
}
ROWS(from_log316)

VALUE(to_log316)
{
    UNUSED;
    return choose(x > 0.0031622776601683794, 1 + log10_of(fabs(x)) / 2.5, 0 * x); /* sqrt(10) / 1000 */
}
ROWS(to_log316)

VALUE(from_toe)
{
    UNUSED;
    /* reciprocals, since they are the same for all values */
    return choose(x > t->code_cut, (exp2_of((x - t->d) * (LOG2_10 / t->c)) - t->b) * (1 / t->a),
                  (x - t->f) * (1 / t->e));
}
ROWS(from_toe)

VALUE(to_toe)
{
    UNUSED;
    return choose(x > t->cut, t->c * log10_of(fabs(t->a * x + t->b)) + t->d, t->e * x + t->f);
}
ROWS(to_toe)

#define CLOG2_SCALE 87.099375
#define CLOG2_SLOPE 0.24136077
#define CLOG2_ZERO 0.092864125

VALUE(from_clog2)
{
    UNUSED;
    double v = x - CLOG2_ZERO;
    return mirrored(v, (exp10_of(fabs(v) / CLOG2_SLOPE) - 1) / CLOG2_SCALE * 0.9);
}
ROWS(from_clog2)

VALUE(to_clog2)
{
    UNUSED;
    return CLOG2_ZERO + mirrored(x, CLOG2_SLOPE * log10_of(fabs(x) / 0.9 * CLOG2_SCALE + 1));
}
ROWS(to_clog2)

#define CLOG3_SCALE 14.98325
#define CLOG3_SLOPE 0.36726845
#define CLOG3_CUT 0.014

VALUE(from_clog3)
{
    UNUSED;
    bool below = x<0.097465473, above = x> 0.15277891;
    double curve = (exp10_of((below ? 0.12783901 - x : x - 0.12240537) / CLOG3_SLOPE) - 1) / CLOG3_SCALE;
    return 0.9 * choose(below, -curve, choose(above, curve, (x - 0.12512219) / 1.9754798));
}
ROWS(from_clog3)

VALUE(to_clog3)
{
    UNUSED;
    double y = x / 0.9, curve = CLOG3_SLOPE * log10_of(1 + CLOG3_SCALE * fabs(y));
    return choose(y < -CLOG3_CUT, 0.12783901 - curve,
                  choose(y > CLOG3_CUT, 0.12240537 + curve, 1.9754798 * y + 0.12512219));
}
ROWS(to_clog3)

#define ACESCC_TOP 65504.0

VALUE(from_acescc)
{
    UNUSED;
    double y = exp2_of(x * 17.52 - 9.72);
    y = choose(x <= (9.72 - 15) / 17.52, (y - 0x1p-16) * 2, choose(y > ACESCC_TOP, ACESCC_TOP, y));
    return choose(x != x, x, y);
}
ROWS(from_acescc)

VALUE(to_acescc)
{
    UNUSED;
    double y = choose(x < 0x1p-15, 0x1p-16 + larger(x, 0) / 2, x);
    return choose(x != x, x, (log2_of(y) + 9.72) / 17.52);
}
ROWS(to_acescc)

/* 685 is white, 95 black; 300 = 0.6 / 0.002 codes are a factor of 10.  Light at and below that of code 0 gets code 0:
 * the logarithm ends there. */
#define CINEON_BLACK 0.010797751623277095  /* 10^((95 - 685) / 300) */
#define CINEON_LEAST 0.0052079483285954652 /* 10^(-685 / 300) */

VALUE(from_cineon)
{
    UNUSED;
    return (exp10_of((1023 * x - 685) / 300) - CINEON_BLACK) / (1 - CINEON_BLACK);
}
ROWS(from_cineon)

VALUE(to_cineon)
{
    UNUSED;
    double y = larger(x * (1 - CINEON_BLACK) + CINEON_BLACK, CINEON_LEAST);
    return choose(x != x, x, (685 + 300 * log10_of(y)) / 1023);
}
ROWS(to_cineon)

const ck_curve_kind ck_curve_kind_linear = {same_rows, same_rows, false};
const ck_curve_kind ck_curve_kind_srgb = {from_srgb_rows, to_srgb_rows, true};
const ck_curve_kind ck_curve_kind_bt709 = {from_bt709_rows, to_bt709_rows, true};
const ck_curve_kind ck_curve_kind_bt1886 = {from_gamma_rows, to_gamma_rows, true};
const ck_curve_kind ck_curve_kind_gamma = {from_gamma_rows, to_gamma_rows, false};
const ck_curve_kind ck_curve_kind_display_gamma = {from_gamma_rows, to_gamma_rows, true};
const ck_curve_kind ck_curve_kind_pq = {from_pq_rows, to_pq_rows, false};
const ck_curve_kind ck_curve_kind_hlg = {from_hlg_rows, to_hlg_rows, false};
const ck_curve_kind ck_curve_kind_log100 = {from_log100_rows, to_log100_rows, false};
const ck_curve_kind ck_curve_kind_log316 = {from_log316_rows, to_log316_rows, false};
const ck_curve_kind ck_curve_kind_toe = {from_toe_rows, to_toe_rows, false};
const ck_curve_kind ck_curve_kind_clog2 = {from_clog2_rows, to_clog2_rows, false};
const ck_curve_kind ck_curve_kind_clog3 = {from_clog3_rows, to_clog3_rows, false};
const ck_curve_kind ck_curve_kind_acescc = {from_acescc_rows, to_acescc_rows, false};
const ck_curve_kind ck_curve_kind_cineon = {from_cineon_rows, to_cineon_rows, false};
