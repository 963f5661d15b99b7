#include "key/mixture.h"

#include <string.h>

#include "base/bits.h"
#include "base/clones.h"

#define LEAST_DETERMINANT 1e-24f

static const float coverage[CK_KEY_LANES] = {0 / 15.0f,  1 / 15.0f,  2 / 15.0f,  3 / 15.0f, 4 / 15.0f,  5 / 15.0f,
                                             6 / 15.0f,  7 / 15.0f,  8 / 15.0f,  9 / 15.0f, 10 / 15.0f, 11 / 15.0f,
                                             12 / 15.0f, 13 / 15.0f, 14 / 15.0f, 15 / 15.0f};

/* One loop over all: from a table of the covariances, compilers make vectors of the wrong side of it. */
CK_CLONES
static void set_kind(const ck_key_colours *f, const ck_key_grain *g, const float b[3], struct ck_key_kind *restrict k)
{
    const float *own = f->cov, *screen = g->screen, *edge = g->edge;
    float votes = f->weight;
    for (int i = 0; i < CK_KEY_LANES; i++) {
        float a = coverage[i], rest = 1 - a, s[6];
        for (int z = 0; z < 6; z++) /* the subject has the screen's grain too */
            s[z] = a * a * own[z] + (rest * rest + 1) * screen[z] + rest * edge[z];
        float c00 = s[3] * s[5] - s[4] * s[4], c01 = s[2] * s[4] - s[1] * s[5], c02 = s[1] * s[4] - s[2] * s[3];
        float det = s[0] * c00 + s[1] * c01 + s[2] * c02;
        det = det > LEAST_DETERMINANT ? det : LEAST_DETERMINANT;
        float r = 1 / det;
        k->inverse[0][i] = r * c00;
        k->inverse[1][i] = r * c01;
        k->inverse[2][i] = r * c02;
        k->inverse[3][i] = r * (s[0] * s[5] - s[2] * s[2]);
        k->inverse[4][i] = r * (s[1] * s[2] - s[0] * s[4]);
        k->inverse[5][i] = r * (s[0] * s[3] - s[1] * s[1]);
        k->weight[i] = votes / sqrtf(det);
        for (int c = 0; c < 3; c++)
            k->way[c][i] = a * (f->mean[c] - b[c]);
    }
}

void ck_key_mixture_set(ck_key_mixture *m, const ck_key_colours *kinds, int n, const float b[3], const ck_key_grain *g)
{
    m->kinds = n;
    memcpy(m->b, b, sizeof m->b);
    for (int k = 0; k < n; k++)
        set_kind(&kinds[k], g, b, &m->kind[k]);
}

/* 2^t for -120 <= t <= 0, relative error below 2e-6: to the whole part by the exponent's bits, to the rest by a
 * polynomial. */
#define WHOLE 12582912.0f /* 1.5 * 2^23: the low bits of t + WHOLE are t's whole part */
static inline float power(float t)
{
    float whole = t + WHOLE, r = (t - (whole - WHOLE)) * 0.69314718f;
    float p = 1 + r * (1 + r * (0.5f + r * (1 / 6.0f + r * (1 / 24.0f + r * (1 / 120.0f + r * (1 / 720.0f))))));
    return ck_float_of_bits(ck_float_bits(p) + (ck_float_bits(whole) << 23));
}

/* A pixel's lanes. */
typedef float lanes[CK_KEY_LANES];

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

/* The largest lane of each pixel; its sum.  By halves and for all pixels at once, which compilers make vectors of: they
 * may not reorder a plain sum. */
#define FOLD(name, join)                                                                                               \
    static inline void name(const lanes *restrict v, int n, float *restrict out)                                       \
    {                                                                                                                  \
        float half[CK_KEY_ASKED][CK_KEY_LANES / 2], four[CK_KEY_ASKED][4];                                             \
        for (int p = 0; p < n; p++)                                                                                    \
            for (int i = 0; i < 8; i++)                                                                                \
                half[p][i] = join(v[p][i], v[p][i + 8]);                                                               \
        for (int p = 0; p < n; p++)                                                                                    \
            for (int i = 0; i < 4; i++)                                                                                \
                four[p][i] = join(half[p][i], half[p][i + 4]);                                                         \
        for (int p = 0; p < n; p++)                                                                                    \
            out[p] = join(join(four[p][0], four[p][2]), join(four[p][1], four[p][3]));                                 \
    }
#define PLUS(a, b) ((a) + (b))
FOLD(largest, larger)
FOLD(total, PLUS)

/* Logarithms of how likely kind k makes a colour that is e beside the screen's, at every coverage; best: the most so
 * far. */
static inline void weigh(const struct ck_key_kind *restrict k, const float e[3], float *restrict likely,
                         float *restrict best)
{
    const float(*v)[CK_KEY_LANES] = k->inverse;
    for (int i = 0; i < CK_KEY_LANES; i++) {
        float d0 = e[0] - k->way[0][i], d1 = e[1] - k->way[1][i], d2 = e[2] - k->way[2][i];
        float l = -0.5f * (v[0][i] * d0 * d0 + v[3][i] * d1 * d1 + v[5][i] * d2 * d2) -
                  (v[1][i] * d0 * d1 + v[2][i] * d0 * d2 + v[4][i] * d1 * d2);
        likely[i] = l;
        best[i] = l > best[i] ? l : best[i];
    }
}

static inline void add(const float *restrict weight, const float *restrict likely, float *restrict sum)
{
    for (int i = 0; i < CK_KEY_LANES; i++)
        sum[i] += weight[i] * power(likely[i]);
}

CK_CLONES
void ck_key_mixture_ask(const ck_key_mixture *m, const float (*restrict c)[3], int n, ck_key_said *restrict out)
{
    lanes likely[CK_KEY_ASKED][CK_KEY_KINDS], sum[CK_KEY_ASKED];
    float top[CK_KEY_ASKED], all[CK_KEY_ASKED], mean[CK_KEY_ASKED];
    for (int p = 0; p < n; p++) {
        const float e[3] = {c[p][0] - m->b[0], c[p][1] - m->b[1], c[p][2] - m->b[2]};
        for (int i = 0; i < CK_KEY_LANES; i++)
            sum[p][i] = -1e30f;
        for (int k = 0; k < m->kinds; k++)
            weigh(&m->kind[k], e, likely[p][k], sum[p]);
    }
    largest((const lanes *)sum, n, top);
    for (int p = 0; p < n; p++)
        for (int k = 0; k < m->kinds; k++)
            for (int i = 0; i < CK_KEY_LANES; i++)
                likely[p][k][i] = larger((likely[p][k][i] - top[p]) * 1.44269504f, -120);
    for (int p = 0; p < n; p++) {
        for (int i = 0; i < CK_KEY_LANES; i++)
            sum[p][i] = 0;
        for (int k = 0; k < m->kinds; k++)
            add(m->kind[k].weight, likely[p][k], sum[p]);
    }
    total((const lanes *)sum, n, all);
    for (int p = 0; p < n; p++) {
        out[p].bare = sum[p][0] / (all[p] / CK_KEY_LANES);
        out[p].solid = sum[p][CK_KEY_LANES - 1] / (all[p] / CK_KEY_LANES);
        for (int i = 0; i < CK_KEY_LANES; i++)
            sum[p][i] *= coverage[i];
    }
    total((const lanes *)sum, n, mean);
    for (int p = 0; p < n; p++)
        out[p].mean = mean[p] / all[p];
}
