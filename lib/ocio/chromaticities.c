/* Chromaticities of a linear colour space, from its matrix to XYZ.
 *
 *     space -> interchange space (AP0, or XYZ for white D65) -> XYZ -> original white -> x,y
 *
 * A config stores the matrix only.  Where white was adapted, linear BT.709 to AP0 for example, neither the original
 * white nor the method is stored.  Published chromaticities have few decimals, so that white and that method are taken
 * which lead to primaries of four decimals.  By chance that happens once in 10^6. */
#include <math.h>
#include <string.h>

#include "ocio/inside.h"

typedef double matrix[3][3];

typedef struct interchange {
    const char *role;
    matrix to_xyz;
    double white[2]; /* x, y */
} interchange;

#define D65                                                                                                            \
    {                                                                                                                  \
        0.3127, 0.3290                                                                                                 \
    }
#define ACES                                                                                                           \
    {                                                                                                                  \
        0.32168, 0.33767                                                                                               \
    } /* white of AP0, SMPTE ST 2065-1 */

static const interchange interchanges[] = {
    {"aces_interchange",
     {{0.9525523959, 0, 0.0000936786}, {0.3439664498, 0.7281660966, -0.0721325464}, {0, 0, 1.0088251844}},
     ACES},
    {"cie_xyz_d65_interchange", {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, D65},
};
#define INTERCHANGES (sizeof interchanges / sizeof *interchanges)

/* White points, and the cone responses of the methods, that configs adapt with. */
static const double whites[][2] = {D65, ACES};
static const matrix cones[] = {
    {{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}, /* Bradford */
    {{0.7328, 0.4296, -0.1624}, {-0.7036, 1.6975, 0.0061}, {0.0030, 0.0136, 0.9834}},  /* CAT02 */
};

static void times(const matrix m, const double v[3], double out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
}

static double det(const double a[3], const double b[3], const double c[3])
{
    return a[0] * (b[1] * c[2] - b[2] * c[1]) - b[0] * (a[1] * c[2] - a[2] * c[1]) + c[0] * (a[1] * b[2] - a[2] * b[1]);
}

/* Solve m x = b by Cramer's rule. */
static void solve(const matrix m, const double b[3], double x[3])
{
    double c[3][3];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            c[k][i] = m[i][k];
    double d = det(c[0], c[1], c[2]);
    x[0] = det(b, c[1], c[2]) / d;
    x[1] = det(c[0], b, c[2]) / d;
    x[2] = det(c[0], c[1], b) / d;
}

static void white_xyz(const double xy[2], double out[3])
{
    out[0] = xy[0] / xy[1];
    out[1] = 1;
    out[2] = (1 - xy[0] - xy[1]) / xy[1];
}

/* colour: XYZ of red, green, blue and white.  False if one has no chromaticity. */
static bool chromaticities(double colour[4][3], double xy[8])
{
    for (int c = 0; c < 4; c++) {
        double sum = colour[c][0] + colour[c][1] + colour[c][2];
        if (!(fabs(sum) > 1e-9))
            return false;
        xy[2 * c] = colour[c][0] / sum;
        xy[2 * c + 1] = colour[c][1] / sum;
    }
    return true;
}

/* Adapt XYZ `v` from one white to another. */
static void adapt(const matrix cone, const double from[2], const double to[2], const double v[3], double out[3])
{
    double a[3], b[3], a_cone[3], b_cone[3], v_cone[3];
    white_xyz(from, a);
    white_xyz(to, b);
    times(cone, a, a_cone);
    times(cone, b, b_cone);
    times(cone, v, v_cone);
    for (int i = 0; i < 3; i++)
        v_cone[i] *= b_cone[i] / a_cone[i];
    solve(cone, v_cone, out);
}

/* True if red, green and blue have four decimals, within the error of 32-bit matrices; they are then rounded. */
static bool four_decimals(double xy[8])
{
    for (int i = 0; i < 6; i++)
        if (!(fabs(xy[i] * 1e4 - round(xy[i] * 1e4)) < 0.05))
            return false;
    for (int i = 0; i < 6; i++)
        xy[i] = round(xy[i] * 1e4) / 1e4;
    return true;
}

/* Replace xy by the published chromaticities if adapting from `white` to another one leads to them. */
static void recover(const double white[2], double colour[4][3], double xy[8])
{
    for (size_t w = 0; w < sizeof whites / sizeof *whites; w++)
        for (size_t m = 0; m < sizeof cones / sizeof *cones; m++) {
            double other[4][3], found[8];
            for (int c = 0; c < 4; c++)
                adapt(cones[m], white, whites[w], colour[c], other[c]);
            if (!chromaticities(other, found) || !four_decimals(found))
                continue;
            memcpy(xy, found, sizeof found);
            memcpy(xy + 6, whites[w], sizeof whites[w]);
            return;
        }
}

enum { BLACK = 4, MIXED, PROBES };

/* In the interchange space: red, green, blue, white.  False if the space is not linear: black must stay black, and a
 * mixture of the primaries must become the mixture of their results. */
static bool probe(const ck_ocio_transform *t, double colour[4][3])
{
    static const float mixed[3] = {0.25f, 0.5f, 0.125f};
    float v[3][PROBES] = {{1, 0, 0, 1, 0, mixed[0]}, {0, 1, 0, 1, 0, mixed[1]}, {0, 0, 1, 1, 0, mixed[2]}};
    ck_ocio_apply(t, v[0], v[1], v[2], PROBES);
    for (int i = 0; i < 3; i++) {
        float *p = v[i], sum = mixed[0] * p[0] + mixed[1] * p[1] + mixed[2] * p[2];
        if (!(fabsf(p[BLACK]) < 1e-6f) || !(fabsf(p[MIXED] - sum) < 1e-5f) ||
            !(fabsf(p[3] - (p[0] + p[1] + p[2])) < 1e-5f))
            return false;
        for (int c = 0; c < 4; c++)
            colour[c][i] = (double)p[c];
    }
    return true;
}

static bool through(const ck_ocio *c, const char *space, const interchange *via, double xy[8])
{
    double colour[4][3], xyz[4][3];
    ck_ocio_transform *t;
    if (!ck_ocio_has(c, via->role) || ck_ocio_between(c, space, via->role, &t, NULL) != CK_OK)
        return false;
    bool linear = probe(t, colour);
    ck_ocio_transform_free(t);
    if (!linear)
        return false;
    for (int k = 0; k < 4; k++)
        times(via->to_xyz, colour[k], xyz[k]);
    if (!chromaticities(xyz, xy))
        return false;
    bool same = fabs(xy[6] - via->white[0]) < 1e-4 && fabs(xy[7] - via->white[1]) < 1e-4;
    if (same)
        recover(via->white, xyz, xy);
    return true;
}

bool ck_ocio_chromaticities(const ck_ocio *c, const char *space, double xy[8])
{
    for (size_t i = 0; i < INTERCHANGES; i++)
        if (through(c, space, &interchanges[i], xy))
            return true;
    return false;
}
