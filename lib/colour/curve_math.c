#include "colour/curve_math.h"

#include <math.h>

static double exp10_of(double x)
{
    return exp2(x * 3.3219280948873623478703); /* log2(10) */
}

/* f(-x) = -f(x) */
static double mirrored(ck_curve_function *f, const ck_curve *c, double x)
{
    return x < 0 ? -f(c, -x) : f(c, x);
}

/* Powers */

static double same(const ck_curve *c, double x)
{
    (void)c;
    return x;
}

static double from_srgb(const ck_curve *c, double x)
{
    return x < 0 ? mirrored(from_srgb, c, x) : x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4);
}

static double to_srgb(const ck_curve *c, double x)
{
    return x < 0 ? mirrored(to_srgb, c, x) : x <= 0.0031308 ? x * 12.92 : 1.055 * pow(x, 1 / 2.4) - 0.055;
}

static double from_bt709(const ck_curve *c, double x)
{
    return x < 0 ? mirrored(from_bt709, c, x) : x < 4.5 * 0.018 ? x / 4.5 : pow((x + 0.099) / 1.099, 1 / 0.45);
}

static double to_bt709(const ck_curve *c, double x)
{
    return x < 0 ? mirrored(to_bt709, c, x) : x < 0.018 ? 4.5 * x : 1.099 * pow(x, 0.45) - 0.099;
}

static double from_gamma(const ck_curve *c, double x)
{
    return x < 0 ? mirrored(from_gamma, c, x) : pow(x, c->gamma);
}

static double to_gamma(const ck_curve *c, double x)
{
    return x < 0 ? mirrored(to_gamma, c, x) : pow(x, 1 / c->gamma);
}

/* HDR video */

#define PQ_M1 (2610.0 / 16384)
#define PQ_M2 (2523.0 / 4096 * 128)
#define PQ_C1 (3424.0 / 4096)
#define PQ_C2 (2413.0 / 4096 * 32)
#define PQ_C3 (2392.0 / 4096 * 32)
#define PQ_WHITE 203.0

static double from_pq(const ck_curve *c, double x)
{
    if (x < 0)
        return mirrored(from_pq, c, x);
    double p = pow(x, 1 / PQ_M2);
    return 10000 / PQ_WHITE * pow(fmax(p - PQ_C1, 0) / (PQ_C2 - PQ_C3 * p), 1 / PQ_M1);
}

static double to_pq(const ck_curve *c, double x)
{
    if (x < 0)
        return mirrored(to_pq, c, x);
    double p = pow(x * PQ_WHITE / 10000, PQ_M1);
    return pow((PQ_C1 + PQ_C2 * p) / (1 + PQ_C3 * p), PQ_M2);
}

#define HLG_A 0.17883277
#define HLG_B (1 - 4 * HLG_A)

static double hlg_c(void)
{
    return 0.5 - HLG_A * log(4 * HLG_A);
}

static double from_hlg(const ck_curve *c, double x)
{
    return x < 0 ? mirrored(from_hlg, c, x) : x <= 0.5 ? x * x / 3 : (exp((x - hlg_c()) / HLG_A) + HLG_B) / 12;
}

static double to_hlg(const ck_curve *c, double x)
{
    return x < 0 ? mirrored(to_hlg, c, x) : x <= 1.0 / 12 ? sqrt(3 * x) : HLG_A * log(12 * x - HLG_B) + hlg_c();
}

/* Logarithms */

static double from_log100(const ck_curve *c, double x)
{
    (void)c;
    return x > 0 ? exp10_of(2 * (x - 1)) : 0;
}

static double to_log100(const ck_curve *c, double x)
{
    (void)c;
    return x > 0.01 ? 1 + log10(x) / 2 : 0;
}

static double from_log316(const ck_curve *c, double x)
{
    (void)c;
    return x > 0 ? exp10_of(2.5 * (x - 1)) : 0;
}

static double to_log316(const ck_curve *c, double x)
{
    (void)c;
    return x > sqrt(10) / 1000 ? 1 + log10(x) / 2.5 : 0;
}

static double from_toe(const ck_curve *c, double x)
{
    const ck_curve_toe *t = c->toe;
    return x > t->code_cut ? (exp10_of((x - t->d) / t->c) - t->b) / t->a : (x - t->f) / t->e;
}

static double to_toe(const ck_curve *c, double x)
{
    const ck_curve_toe *t = c->toe;
    return x > t->cut ? t->c * log10(t->a * x + t->b) + t->d : t->e * x + t->f;
}

#define CLOG2_SCALE 87.099375
#define CLOG2_SLOPE 0.24136077
#define CLOG2_ZERO 0.092864125

static double from_clog2(const ck_curve *c, double x)
{
    (void)c;
    double y = (exp10_of(fabs(x - CLOG2_ZERO) / CLOG2_SLOPE) - 1) / CLOG2_SCALE * 0.9;
    return x < CLOG2_ZERO ? -y : y;
}

static double to_clog2(const ck_curve *c, double x)
{
    (void)c;
    double y = CLOG2_SLOPE * log10(fabs(x) / 0.9 * CLOG2_SCALE + 1);
    return x < 0 ? CLOG2_ZERO - y : CLOG2_ZERO + y;
}

#define CLOG3_SCALE 14.98325
#define CLOG3_SLOPE 0.36726845
#define CLOG3_CUT 0.014

static double from_clog3(const ck_curve *c, double x)
{
    (void)c;
    if (x < 0.097465473)
        return -(exp10_of((0.12783901 - x) / CLOG3_SLOPE) - 1) / CLOG3_SCALE * 0.9;
    if (x <= 0.15277891)
        return (x - 0.12512219) / 1.9754798 * 0.9;
    return (exp10_of((x - 0.12240537) / CLOG3_SLOPE) - 1) / CLOG3_SCALE * 0.9;
}

static double to_clog3(const ck_curve *c, double x)
{
    (void)c;
    double y = x / 0.9;
    if (y < -CLOG3_CUT)
        return 0.12783901 - CLOG3_SLOPE * log10(1 - CLOG3_SCALE * y);
    if (y <= CLOG3_CUT)
        return 1.9754798 * y + 0.12512219;
    return 0.12240537 + CLOG3_SLOPE * log10(1 + CLOG3_SCALE * y);
}

static double from_acescc(const ck_curve *c, double x)
{
    (void)c;
    if (x <= (9.72 - 15) / 17.52)
        return (exp2(x * 17.52 - 9.72) - 0x1p-16) * 2;
    return x < (log2(65504) + 9.72) / 17.52 ? exp2(x * 17.52 - 9.72) : 65504;
}

static double to_acescc(const ck_curve *c, double x)
{
    (void)c;
    double y = x < 0x1p-15 ? 0x1p-16 + fmax(x, 0) / 2 : x;
    return (log2(y) + 9.72) / 17.52;
}

/* 685 is white, 95 black; 300 = 0.6 / 0.002 codes are a factor of 10. */
static double cineon_black(void)
{
    return exp10_of((95 - 685) / 300.0);
}

static double from_cineon(const ck_curve *c, double x)
{
    (void)c;
    double black = cineon_black();
    return (exp10_of((1023 * x - 685) / 300) - black) / (1 - black);
}

/* Light at and below that of code 0 gets code 0: the logarithm ends there. */
static double to_cineon(const ck_curve *c, double x)
{
    (void)c;
    double black = cineon_black(), least = exp10_of(-685 / 300.0);
    return (685 + 300 * log10(fmax(x * (1 - black) + black, least))) / 1023;
}

const ck_curve_kind ck_curve_kind_linear = {same, same, false};
const ck_curve_kind ck_curve_kind_srgb = {from_srgb, to_srgb, true};
const ck_curve_kind ck_curve_kind_bt709 = {from_bt709, to_bt709, true};
const ck_curve_kind ck_curve_kind_bt1886 = {from_gamma, to_gamma, true};
const ck_curve_kind ck_curve_kind_gamma = {from_gamma, to_gamma, false};
const ck_curve_kind ck_curve_kind_display_gamma = {from_gamma, to_gamma, true};
const ck_curve_kind ck_curve_kind_pq = {from_pq, to_pq, false};
const ck_curve_kind ck_curve_kind_hlg = {from_hlg, to_hlg, false};
const ck_curve_kind ck_curve_kind_log100 = {from_log100, to_log100, false};
const ck_curve_kind ck_curve_kind_log316 = {from_log316, to_log316, false};
const ck_curve_kind ck_curve_kind_toe = {from_toe, to_toe, false};
const ck_curve_kind ck_curve_kind_clog2 = {from_clog2, to_clog2, false};
const ck_curve_kind ck_curve_kind_clog3 = {from_clog3, to_clog3, false};
const ck_curve_kind ck_curve_kind_acescc = {from_acescc, to_acescc, false};
const ck_curve_kind ck_curve_kind_cineon = {from_cineon, to_cineon, false};
