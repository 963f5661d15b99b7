#include "io/primaries.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define D65 0.3127, 0.3290
#define C 0.310, 0.316
#define ACES_WHITE 0.32168, 0.33767

static const struct {
    const char *name, *libav; /* libav: its name if it differs */
    int code;                 /* H.273 code */
    ck_primaries p;
} table[] = {
    {"bt709", NULL, 1, {{0.64, 0.33, 0.30, 0.60, 0.15, 0.06, D65}}},
    {"bt2020", NULL, 9, {{0.708, 0.292, 0.170, 0.797, 0.131, 0.046, D65}}},
    {"p3-d65", "smpte432", 12, {{0.680, 0.320, 0.265, 0.690, 0.150, 0.060, D65}}},
    {"p3-dci", "smpte431", 11, {{0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351}}},
    {"ap0", NULL, 2, {{0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, ACES_WHITE}}},
    {"ap1", NULL, 2, {{0.713, 0.293, 0.165, 0.830, 0.128, 0.044, ACES_WHITE}}},
    {"adobe-rgb", NULL, 2, {{0.64, 0.33, 0.21, 0.71, 0.15, 0.06, D65}}},
    {"prophoto", NULL, 2, {{0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001, 0.3457, 0.3585}}},
    {"smpte170m", "smpte240m", 6, {{0.630, 0.340, 0.310, 0.595, 0.155, 0.070, D65}}},
    {"bt470bg", NULL, 5, {{0.64, 0.33, 0.29, 0.60, 0.15, 0.06, D65}}},
    {"bt470m", NULL, 4, {{0.67, 0.33, 0.21, 0.71, 0.14, 0.08, C}}},
    {"film", NULL, 8, {{0.681, 0.319, 0.243, 0.692, 0.145, 0.049, C}}},
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
    for (size_t i = 0; i < N; i++)
        if (!strcmp(text, table[i].name) || (table[i].libav && !strcmp(text, table[i].libav)))
            return (int)i;
    return -1;
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
           !text[end];
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

typedef double matrix[3][3];

/* Solve by Cramer's rule; no matrix here is singular. */
static void solve(const matrix m, const double b[3], double x[3])
{
#define DET(A, B, D)                                                                                                   \
    (A[0] * (B[1] * D[2] - B[2] * D[1]) - B[0] * (A[1] * D[2] - A[2] * D[1]) + D[0] * (A[1] * B[2] - A[2] * B[1]))
    double col[3][3];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            col[j][i] = m[i][j];
    double det = DET(col[0], col[1], col[2]);
    x[0] = DET(b, col[1], col[2]) / det;
    x[1] = DET(col[0], b, col[2]) / det;
    x[2] = DET(col[0], col[1], b) / det;
}

static void times(const matrix m, const double v[3], double out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
}

static void to_xyz(const double *xy, double out[3])
{
    out[0] = xy[0] / xy[1];
    out[1] = 1;
    out[2] = (1 - xy[0] - xy[1]) / xy[1];
}

/* Columns of RGB to XYZ, white adapted to ICC's D50 by Bradford's method. */
static void icc_columns(const ck_primaries *p, double out[9])
{
    static const matrix bradford = {{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}};
    static const double d50[3] = {0.9642, 1.0, 0.8249};
    matrix unit;
    double white[3], amount[3], from[3], to[3];
    to_xyz(p->xy + 6, white);
    for (int c = 0; c < 3; c++) {
        unit[0][c] = p->xy[2 * c];
        unit[1][c] = p->xy[2 * c + 1];
        unit[2][c] = 1 - unit[0][c] - unit[1][c];
    }
    solve(unit, white, amount);
    times(bradford, white, from);
    times(bradford, d50, to);
    for (int c = 0; c < 3; c++) {
        double xyz[3] = {unit[0][c] * amount[c], unit[1][c] * amount[c], unit[2][c] * amount[c]}, cone[3];
        times(bradford, xyz, cone);
        for (int i = 0; i < 3; i++)
            cone[i] *= to[i] / from[i];
        solve(bradford, cone, out + (size_t)3 * (size_t)c);
    }
}

const char *ck_primaries_of_icc(const double xyz[9])
{
    for (size_t i = 0; i < N; i++) {
        double want[9], off = 0;
        icc_columns(&table[i].p, want);
        for (int k = 0; k < 9; k++)
            off = fmax(off, fabs(want[k] - xyz[k]));
        /* Profiles round to 16 bits, and some use another adaptation matrix. */
        if (off < 0.003)
            return table[i].name;
    }
    return NULL;
}
