#include "colour/matrix.h"

#include <string.h>

#include "base/clones.h"

static const ck_matrix3 bradford = {{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}};

ck_matrix3 ck_matrix_times(const ck_matrix3 *a, const ck_matrix3 *b)
{
    ck_matrix3 out;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            out.m[i][j] = a->m[i][0] * b->m[0][j] + a->m[i][1] * b->m[1][j] + a->m[i][2] * b->m[2][j];
    return out;
}

/* The cofactor of row i, column j. */
static double cofactor(const ck_matrix3 *a, int i, int j)
{
    int r = (i + 1) % 3, s = (i + 2) % 3, c = (j + 1) % 3, d = (j + 2) % 3;
    return a->m[r][c] * a->m[s][d] - a->m[r][d] * a->m[s][c];
}

ck_matrix3 ck_matrix_inverse(const ck_matrix3 *a)
{
    ck_matrix3 out;
    double det = a->m[0][0] * cofactor(a, 0, 0) + a->m[0][1] * cofactor(a, 0, 1) + a->m[0][2] * cofactor(a, 0, 2);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            out.m[j][i] = cofactor(a, i, j) / det;
    return out;
}

static void times_vector(const ck_matrix3 *a, const double v[3], double out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = a->m[i][0] * v[0] + a->m[i][1] * v[1] + a->m[i][2] * v[2];
}

static void xyz_of(const double xy[2], double out[3])
{
    out[0] = xy[0] / xy[1];
    out[1] = 1;
    out[2] = (1 - xy[0] - xy[1]) / xy[1];
}

/* XYZ under one white to XYZ under another. */
static ck_matrix3 adapt(const double from[3], const double to[3])
{
    double a[3], b[3];
    ck_matrix3 scaled = bradford, back = ck_matrix_inverse(&bradford);
    times_vector(&bradford, from, a);
    times_vector(&bradford, to, b);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            scaled.m[i][j] *= b[i] / a[i];
    return ck_matrix_times(&back, &scaled);
}

/* RGB to XYZ under the primaries' own white. */
static ck_matrix3 own_xyz(const ck_primaries *p)
{
    ck_matrix3 unit;
    double white[3], amount[3];
    for (int c = 0; c < 3; c++) {
        unit.m[0][c] = p->xy[2 * c];
        unit.m[1][c] = p->xy[2 * c + 1];
        unit.m[2][c] = 1 - unit.m[0][c] - unit.m[1][c];
    }
    ck_matrix3 back = ck_matrix_inverse(&unit);
    xyz_of(p->xy + 6, white);
    times_vector(&back, white, amount);
    for (int i = 0; i < 3; i++)
        for (int c = 0; c < 3; c++)
            unit.m[i][c] *= amount[c];
    return unit;
}

ck_matrix3 ck_matrix_to_xyz(const ck_primaries *p, const double white[3])
{
    double own[3];
    xyz_of(p->xy + 6, own);
    ck_matrix3 rgb = own_xyz(p), adapted = adapt(own, white);
    return ck_matrix_times(&adapted, &rgb);
}

ck_matrix3 ck_matrix_between(const ck_primaries *from, const ck_primaries *to)
{
    double white[3];
    xyz_of(to->xy + 6, white);
    ck_matrix3 xyz = ck_matrix_to_xyz(from, white), own = own_xyz(to), back = ck_matrix_inverse(&own);
    return ck_matrix_times(&back, &xyz);
}

CK_CLONES
void ck_matrix_apply(const ck_matrix3 *a, float *r, float *g, float *b, size_t n)
{
    const double(*m)[3] = a->m;
#pragma GCC ivdep
    for (size_t i = 0; i < n; i++) {
        double x = (double)r[i], y = (double)g[i], z = (double)b[i];
        r[i] = (float)(m[0][0] * x + m[0][1] * y + m[0][2] * z);
        g[i] = (float)(m[1][0] * x + m[1][1] * y + m[1][2] * z);
        b[i] = (float)(m[2][0] * x + m[2][1] * y + m[2][2] * z);
    }
}
