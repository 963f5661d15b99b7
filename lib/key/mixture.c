#include "key/mixture.h"

#include <string.h>

#include "base/bits.h"
#include "base/clones.h"

#define LEAST_DETERMINANT 1e-24f

static const float coverage[CK_KEY_LANES] = {0 / 15.0f,  1 / 15.0f,  2 / 15.0f,  3 / 15.0f, 4 / 15.0f,  5 / 15.0f,
                                             6 / 15.0f,  7 / 15.0f,  8 / 15.0f,  9 / 15.0f, 10 / 15.0f, 11 / 15.0f,
                                             12 / 15.0f, 13 / 15.0f, 14 / 15.0f, 15 / 15.0f};

/* Covariances at every coverage.  The subject has the screen's grain too. */
static inline void covariances(const ck_key_colours *f, const ck_key_grain *g, float s[6][CK_KEY_LANES])
{
    for (int z = 0; z < 6; z++) {
        float own = f->cov[z], screen = g->screen[z], edge = g->edge[z];
        for (int i = 0; i < CK_KEY_LANES; i++) {
            float a = coverage[i], b = 1 - a;
            s[z][i] = a * a * own + (b * b + 1) * screen + b * edge;
        }
    }
}

CK_CLONES
static void set_kind(const ck_key_colours *f, const ck_key_grain *g, float (*restrict inverse)[CK_KEY_LANES],
                     float *restrict weight)
{
    float s[6][CK_KEY_LANES], votes = f->weight;
    covariances(f, g, s);
    for (int i = 0; i < CK_KEY_LANES; i++) {
        float s0 = s[0][i], s1 = s[1][i], s2 = s[2][i], s3 = s[3][i], s4 = s[4][i], s5 = s[5][i];
        float c00 = s3 * s5 - s4 * s4, c01 = s2 * s4 - s1 * s5, c02 = s1 * s4 - s2 * s3;
        float det = s0 * c00 + s1 * c01 + s2 * c02;
        det = det > LEAST_DETERMINANT ? det : LEAST_DETERMINANT;
        float r = 1 / det;
        inverse[0][i] = r * c00;
        inverse[1][i] = r * c01;
        inverse[2][i] = r * c02;
        inverse[3][i] = r * (s0 * s5 - s2 * s2);
        inverse[4][i] = r * (s1 * s2 - s0 * s4);
        inverse[5][i] = r * (s0 * s3 - s1 * s1);
        weight[i] = votes / sqrtf(det);
    }
}

void ck_key_mixture_set(ck_key_mixture *m, const ck_key_colours *kinds, int n, const float b[3], const ck_key_grain *g)
{
    m->kinds = n;
    memcpy(m->b, b, sizeof m->b);
    for (int k = 0; k < n; k++) {
        memcpy(m->f[k], kinds[k].mean, sizeof m->f[k]);
        set_kind(&kinds[k], g, m->inverse[k], m->weight[k]);
    }
}

/* e^x for x <= 0, relative error below 2e-6: 2 to the whole part by the exponent's bits, to the rest by a polynomial.
 */
static inline float power(float x)
{
    float t = x * 1.44269504f;
    t = t > -120 ? t : -120;
    float whole = t + 12582912.0f - 12582912.0f, r = (t - whole) * 0.69314718f;
    float p = 1 + r * (1 + r * (0.5f + r * (1 / 6.0f + r * (1 / 24.0f + r * (1 / 120.0f + r * (1 / 720.0f))))));
    return p * ck_float_of_bits((uint32_t)((int32_t)whole + 127) << 23);
}

/* By halves, which compilers make vectors of: they may not reorder a plain sum. */
static inline float largest(const float v[CK_KEY_LANES])
{
    float t[CK_KEY_LANES / 2];
    for (int i = 0; i < CK_KEY_LANES / 2; i++)
        t[i] = v[i] > v[i + CK_KEY_LANES / 2] ? v[i] : v[i + CK_KEY_LANES / 2];
    for (int n = CK_KEY_LANES / 4; n; n /= 2)
        for (int i = 0; i < n; i++)
            t[i] = t[i] > t[i + n] ? t[i] : t[i + n];
    return t[0];
}

static inline float total(const float v[CK_KEY_LANES])
{
    float t[CK_KEY_LANES / 2];
    for (int i = 0; i < CK_KEY_LANES / 2; i++)
        t[i] = v[i] + v[i + CK_KEY_LANES / 2];
    for (int n = CK_KEY_LANES / 4; n; n /= 2)
        for (int i = 0; i < n; i++)
            t[i] += t[i + n];
    return t[0];
}

CK_CLONES
ck_key_said ck_key_mixture_ask(const ck_key_mixture *m, const float c[3])
{
    float likely[CK_KEY_KINDS][CK_KEY_LANES], sum[CK_KEY_LANES] = {0}, moment[CK_KEY_LANES], best[CK_KEY_LANES];
    for (int i = 0; i < CK_KEY_LANES; i++)
        best[i] = -1e30f;
    for (int k = 0; k < m->kinds; k++) {
        const float(*v)[CK_KEY_LANES] = m->inverse[k];
        for (int i = 0; i < CK_KEY_LANES; i++) {
            float a = coverage[i], d0 = c[0] - m->b[0] - a * (m->f[k][0] - m->b[0]),
                  d1 = c[1] - m->b[1] - a * (m->f[k][1] - m->b[1]), d2 = c[2] - m->b[2] - a * (m->f[k][2] - m->b[2]);
            float l = -0.5f * (v[0][i] * d0 * d0 + v[3][i] * d1 * d1 + v[5][i] * d2 * d2) -
                      (v[1][i] * d0 * d1 + v[2][i] * d0 * d2 + v[4][i] * d1 * d2);
            likely[k][i] = l;
            best[i] = l > best[i] ? l : best[i];
        }
    }
    float top = largest(best);
    for (int k = 0; k < m->kinds; k++)
        for (int i = 0; i < CK_KEY_LANES; i++)
            sum[i] += m->weight[k][i] * power(likely[k][i] - top);
    for (int i = 0; i < CK_KEY_LANES; i++)
        moment[i] = sum[i] * coverage[i];
    float all = total(sum), average = all / CK_KEY_LANES;
    return (ck_key_said){total(moment) / all, sum[0] / average, sum[CK_KEY_LANES - 1] / average};
}
