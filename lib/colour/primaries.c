#include "colour/primaries.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "colour/matrix.h"
#include "colour/same_name.h"

#define D65 0.3127, 0.3290
#define C 0.310, 0.316
#define ACES_WHITE 0.32168, 0.33767

static const double icc_white[3] = {0.9642, 1.0, 0.8249}; /* D50, as ICC rounds it */

static const struct {
    const char *name, *names; /* names: others, separated by spaces; libav's among them */
    int code;                 /* H.273 code */
    ck_primaries p;
} table[] = {
    {"bt709", "709 rec709 srgb", 1, {{0.64, 0.33, 0.30, 0.60, 0.15, 0.06, D65}}},
    {"bt2020", "2020 rec2020 bt2100 rec2100 f-gamut", 9, {{0.708, 0.292, 0.170, 0.797, 0.131, 0.046, D65}}},
    {"p3-d65", "smpte432 p3 display-p3", 12, {{0.680, 0.320, 0.265, 0.690, 0.150, 0.060, D65}}},
    {"p3-dci", "smpte431 dci-p3", 11, {{0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351}}},
    {"ap0", "aces aces2065-1 aces-ap0", 2, {{0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, ACES_WHITE}}},
    {"ap1", "acescg aces-ap1", 2, {{0.713, 0.293, 0.165, 0.830, 0.128, 0.044, ACES_WHITE}}},
    {"arri-wg3", "awg3 arri-wide-gamut-3 alexa-wide-gamut awg", 2, {{0.684, 0.313, 0.221, 0.848, 0.0861, -0.102, D65}}},
    {"arri-wg4", "awg4 arri-wide-gamut-4", 2, {{0.7347, 0.2653, 0.1424, 0.8576, 0.0991, -0.0308, D65}}},
    {"s-gamut3", "sony-s-gamut3", 2, {{0.730, 0.280, 0.140, 0.855, 0.100, -0.050, D65}}},
    {"s-gamut3.cine", "sony-s-gamut3.cine", 2, {{0.766, 0.275, 0.225, 0.800, 0.089, -0.087, D65}}},
    {"v-gamut", "panasonic-v-gamut", 2, {{0.730, 0.280, 0.165, 0.840, 0.100, -0.030, D65}}},
    {"redwidegamut", "redwidegamutrgb rwg", 2, {{0.780308, 0.304253, 0.121595, 1.493994, 0.095612, -0.084589, D65}}},
    {"davinci-wg", "davinci-wide-gamut dwg", 2, {{0.8000, 0.3130, 0.1682, 0.9877, 0.0790, -0.1155, D65}}},
    {"cinema-gamut", "canon-cinema-gamut", 2, {{0.740, 0.270, 0.170, 1.140, 0.080, -0.100, D65}}},
    {"adobe-rgb", "adobergb1998", 2, {{0.64, 0.33, 0.21, 0.71, 0.15, 0.06, D65}}},
    {"prophoto", "romm-rgb", 2, {{0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001, 0.3457, 0.3585}}},
    {"smpte170m", "smpte240m bt601-525", 6, {{0.630, 0.340, 0.310, 0.595, 0.155, 0.070, D65}}},
    {"bt470bg", "bt601-625", 5, {{0.64, 0.33, 0.29, 0.60, 0.15, 0.06, D65}}},
    {"bt470m", "", 4, {{0.67, 0.33, 0.21, 0.71, 0.14, 0.08, C}}},
    {"film", "", 8, {{0.681, 0.319, 0.243, 0.692, 0.145, 0.049, C}}},
};
#define N (sizeof table / sizeof *table)

/* Files round chromaticities to three digits or more. */
#define NEAR 0.001

static bool near(const ck_primaries *a, const ck_primaries *b)
{
    for (int i = 0; i < 8; i++)
        if (!(fabs(a->xy[i] - b->xy[i]) <= NEAR))
            return false;
    return true;
}

void ck_primaries_format(const ck_primaries *p, char text[CK_PRIMARIES_TEXT])
{
    int at = 0;
    for (size_t i = 0; i < N; i++)
        if (near(p, &table[i].p)) {
            snprintf(text, CK_PRIMARIES_TEXT, "%s", table[i].name);
            return;
        }
    for (int i = 0; i < 8; i++)
        at += snprintf(text + at, (size_t)(CK_PRIMARIES_TEXT - at), "%s%.7g", i ? "," : "", p->xy[i]);
}

static int find(const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < N; i++)
        if (ck_same_name(text, n, table[i].name) || ck_one_of_names(text, n, table[i].names))
            return (int)i;
    return -1;
}

/* True if there is a matrix: no white at y = 0, no primaries on one line. */
static bool usable(const ck_primaries *p)
{
    ck_matrix3 m = ck_matrix_between(p, &table[0].p);
    bool finite = true;
    for (int i = 0; i < 9; i++)
        finite &= isfinite(m.m[i / 3][i % 3]) != 0;
    return finite;
}

bool ck_primaries_parse(const char *text, ck_primaries *out)
{
    int i = find(text), end = 0;
    double *v = out->xy;
    if (i >= 0) {
        *out = table[i].p;
        return true;
    }
    return sscanf(text, "%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf%n", v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6, v + 7,
                  &end) == 8 &&
           !text[end] && usable(out);
}

int ck_primaries_code(const char *text)
{
    int i = find(text);
    return i < 0 ? 2 : table[i].code;
}

const char *ck_primaries_of_code(int code)
{
    for (size_t i = 0; i < N; i++)
        if (table[i].code == code && code != 2)
            return table[i].name;
    return NULL;
}

const char *ck_primaries_of_icc(const double xyz[9])
{
    for (size_t i = 0; i < N; i++) {
        double off = 0;
        ck_matrix3 want = ck_matrix_to_xyz(&table[i].p, icc_white);
        for (int k = 0; k < 9; k++)
            off = fmax(off, fabs(want.m[k % 3][k / 3] - xyz[k]));
        /* Profiles round to 16 bits, and some use another adaptation matrix. */
        if (off < 0.003)
            return table[i].name;
    }
    return NULL;
}
