#include "colour/curve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "colour/curve_math.h"
#include "colour/same_name.h"

#define LOG10_2 0.30102999566398119521 /* log2(x) = log10(x) / LOG10_2 */

/* Log C3 by exposure index: the constants for scene-linear light, as ARRI's table lists them. */
static const struct {
    int ei;
    ck_curve_toe toe;
} logc3[] = {
#define ROW(EI, CUT, B, C, D, E, F)                                                                                    \
    {                                                                                                                  \
        EI,                                                                                                            \
        {                                                                                                              \
            5.555556, B, C, D, E, F, CUT, E *CUT + F                                                                   \
        }                                                                                                              \
    }
    ROW(160, 0.005561, 0.080216, 0.269036, 0.381991, 5.842037, 0.092778),
    ROW(200, 0.006208, 0.076621, 0.266007, 0.382478, 5.776265, 0.092782),
    ROW(250, 0.006871, 0.072941, 0.262978, 0.382966, 5.710494, 0.092786),
    ROW(320, 0.007622, 0.068768, 0.259627, 0.383508, 5.637732, 0.092791),
    ROW(400, 0.008318, 0.064901, 0.256598, 0.383999, 5.571960, 0.092795),
    ROW(500, 0.009031, 0.060939, 0.253569, 0.384493, 5.506188, 0.092800),
    ROW(640, 0.009840, 0.056443, 0.250219, 0.385040, 5.433426, 0.092805),
    ROW(800, 0.010591, 0.052272, 0.247190, 0.385537, 5.367655, 0.092809),
    ROW(1000, 0.011361, 0.047996, 0.244161, 0.386036, 5.301883, 0.092814),
    ROW(1280, 0.012235, 0.043137, 0.240810, 0.386590, 5.229121, 0.092819),
    ROW(1600, 0.013047, 0.038625, 0.237781, 0.387093, 5.163350, 0.092824),
    ROW(2000, 0.013881, 0.033994, 0.234752, 0.387599, 5.097573, 0.092829),
    ROW(2560, 0.014829, 0.028727, 0.231401, 0.388161, 5.024811, 0.092834),
    ROW(3200, 0.015711, 0.023830, 0.228372, 0.388671, 4.959040, 0.092840),
#undef ROW
};
#define EIS (sizeof logc3 / sizeof *logc3)
#define EI_DEFAULT 800

static const ck_curve_toe slog3 = {.a = 1 / 0.19,
                                   .b = 0.01 / 0.19,
                                   .c = 261.5 / 1023,
                                   .d = 420.0 / 1023,
                                   .e = (171.2102946929 - 95) / 0.01125 / 1023,
                                   .f = 95.0 / 1023,
                                   .cut = 0.01125,
                                   .code_cut = 171.2102946929 / 1023};
static const ck_curve_toe vlog = {1, 0.00873, 0.241514, 0.598206, 5.6, 0.125, 0.01, 0.181};
static const ck_curve_toe log3g10 = {
    .a = 155.975327, .b = 0.01 * 155.975327 + 1, .c = 0.224282, .e = 15.1927, .f = 0.01 * 15.1927, .cut = -0.01};
static const ck_curve_toe flog2 = {5.555556, 0.064829, 0.245281, 0.384316,
                                   8.799461, 0.092864, 0.000889, 0.100686685370811};
static const ck_curve_toe acescct = {.a = 1,
                                     .c = 1 / 17.52 / LOG10_2,
                                     .d = 9.72 / 17.52,
                                     .e = 10.5402377416545,
                                     .f = 0.0729055341958355,
                                     .cut = 0.0078125,
                                     .code_cut = 0.155251141552511};
static const ck_curve_toe intermediate = {.a = 1,
                                          .b = 0.0075,
                                          .c = 0.07329248 / LOG10_2,
                                          .d = 7 * 0.07329248,
                                          .e = 10.44426855,
                                          .cut = 0.00262409,
                                          .code_cut = 0.02740668};
static ck_curve_toe logc4; /* filled below */

__attribute__((constructor)) static void fill_logc4(void)
{
    /* as the specification names them */
    double a = (262144 - 16) / 117.45, b = (1023 - 95) / 1023.0, c = 95 / 1023.0;
    double s = 7 * log(2) * exp2(7 - 14 * c / b) / (a * b), t = (exp2(14 * (-c / b) + 6) - 64) / a;
    logc4 = (ck_curve_toe){
        .a = a, .b = 64, .c = b / 14 / LOG10_2, .d = c - 6 * b / 14, .e = 1 / s, .f = -t / s, .cut = t, .code_cut = 0};
}

typedef struct row {
    const char *name, *names; /* names: others of the same curve, separated by spaces; libav's among them */
    const ck_curve_kind *kind;
    const ck_curve_toe *toe;
    double gamma;
    int h273;
} row;

static const row rows[] = {
    {"linear", "lin scene-linear scene_linear", &ck_curve_kind_linear, NULL, 0, 8},
    {"srgb", "iec61966-2-1", &ck_curve_kind_srgb, NULL, 0, 13},
    {"bt709", "709 rec709 smpte170m bt601 rec601 smpte240m bt2020-10 bt2020-12 iec61966-2-4 bt1361e",
     &ck_curve_kind_bt709, NULL, 0, 1},
    {"bt1886", "1886 rec1886", &ck_curve_kind_bt1886, NULL, 2.4, 1},
    {"gamma2.2", "gamma22 bt470m", &ck_curve_kind_display_gamma, NULL, 2.2, 4},
    {"gamma2.8", "gamma28 bt470bg", &ck_curve_kind_display_gamma, NULL, 2.8, 5},
    {"pq", "smpte2084 st2084 rec2100-pq", &ck_curve_kind_pq, NULL, 0, 16},
    {"hlg", "arib-std-b67 rec2100-hlg", &ck_curve_kind_hlg, NULL, 0, 18},
    {"log100", "log", &ck_curve_kind_log100, NULL, 0, 9},
    {"log316", "log-sqrt log_sqrt", &ck_curve_kind_log316, NULL, 0, 10},
    {"logc4", "arri-logc4", &ck_curve_kind_toe, &logc4, 0, 2},
    {"slog3", "sony-s-log3", &ck_curve_kind_toe, &slog3, 0, 2},
    {"vlog", "panasonic-v-log v-log-l", &ck_curve_kind_toe, &vlog, 0, 2},
    {"clog2", "canon-log-2 canonlog2", &ck_curve_kind_clog2, NULL, 0, 2},
    {"clog3", "canon-log-3 canonlog3", &ck_curve_kind_clog3, NULL, 0, 2},
    {"log3g10", "red-log3g10 redlog3g10", &ck_curve_kind_toe, &log3g10, 0, 2},
    {"flog2", "fujifilm-f-log2 fuji-f-log2", &ck_curve_kind_toe, &flog2, 0, 2},
    {"acescct", "", &ck_curve_kind_toe, &acescct, 0, 2},
    {"acescc", "", &ck_curve_kind_acescc, NULL, 0, 2},
    {"cineon", "cineon-log", &ck_curve_kind_cineon, NULL, 0, 2},
    {"intermediate", "davinci-intermediate di", &ck_curve_kind_toe, &intermediate, 0, 2},
};
#define ROWS (sizeof rows / sizeof *rows)

static void set(const row *r, ck_curve *out)
{
    *out = (ck_curve){.kind = r->kind, .toe = r->toe, .gamma = r->gamma};
    snprintf(out->name, sizeof out->name, "%s", r->name);
}

/* "gamma1.8" or "gamma 1.8" */
static bool parse_gamma(const char *text, ck_curve *out)
{
    char *end;
    const char *digits = text + strlen("gamma") + (text[strlen("gamma")] == '-');
    double gamma = strtod(digits, &end);
    if (end == digits || *end || !(gamma >= 0.1 && gamma <= 10))
        return false;
    *out = (ck_curve){.kind = &ck_curve_kind_gamma};
    snprintf(out->name, sizeof out->name, "gamma%.4g", gamma);
    out->gamma = strtod(out->name + strlen("gamma"), NULL); /* what the name says */
    return true;
}

/* "logc3", "LogC3 EI 400", "logc3-400" */
static bool parse_logc3(const char *text, ck_curve *out)
{
    for (size_t i = 0; i < EIS; i++) {
        char plain[32], with[32];
        snprintf(plain, sizeof plain, "logc3%d", logc3[i].ei);
        snprintf(with, sizeof with, "logc3ei%d", logc3[i].ei);
        size_t n = strlen(text);
        bool own = logc3[i].ei == EI_DEFAULT;
        if (!ck_same_name(text, n, plain) && !ck_same_name(text, n, with) &&
            !(own && (ck_same_name(text, n, "logc3") || ck_same_name(text, n, "arri-logc3"))))
            continue;
        *out = (ck_curve){.kind = &ck_curve_kind_toe, .toe = &logc3[i].toe};
        snprintf(out->name, sizeof out->name, own ? "logc3" : "logc3-ei%d", logc3[i].ei);
        return true;
    }
    return false;
}

bool ck_curve_parse(const char *text, size_t n, ck_curve *out)
{
    char copy[64];
    for (size_t i = 0; i < ROWS; i++)
        if (ck_same_name(text, n, rows[i].name) || ck_one_of_names(text, n, rows[i].names)) {
            set(&rows[i], out);
            return true;
        }
    if (n >= sizeof copy)
        return false;
    snprintf(copy, sizeof copy, "%.*s", (int)n, text);
    return strncasecmp(copy, "gamma", strlen("gamma")) ? parse_logc3(copy, out) : parse_gamma(copy, out);
}

bool ck_curve_named(const char *text, ck_curve *out)
{
    return text && *text && ck_curve_parse(text, strlen(text), out);
}

bool ck_curve_display(const ck_curve *c)
{
    return c->kind->display;
}

bool ck_curve_linear(const ck_curve *c)
{
    return c->kind == &ck_curve_kind_linear;
}

bool ck_curve_same(const ck_curve *a, const ck_curve *b)
{
    return !strcmp(a->name, b->name);
}

int ck_curve_h273(const ck_curve *c)
{
    for (size_t i = 0; i < ROWS; i++)
        if (!strcmp(rows[i].name, c->name))
            return rows[i].h273;
    return 2;
}

bool ck_curve_of_h273(int code, ck_curve *out)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].h273 == code && code != 2) {
            set(&rows[i], out);
            return true;
        }
    return false;
}

void ck_curve_decode(const ck_curve *c, const float *src, float *dst, size_t n)
{
    c->kind->decode(c, src, dst, n);
}

void ck_curve_encode(const ck_curve *c, const float *src, float *dst, size_t n)
{
    c->kind->encode(c, src, dst, n);
}
