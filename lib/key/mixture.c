#include "key/mixture.h"

#include <string.h>

#include "base/clones.h"

#define LEAST_DETERMINANT 1e-24f

static const float coverage[CK_KEY_LANES] = {0 / 15.0f,  1 / 15.0f,  2 / 15.0f,  3 / 15.0f, 4 / 15.0f,  5 / 15.0f,
                                             6 / 15.0f,  7 / 15.0f,  8 / 15.0f,  9 / 15.0f, 10 / 15.0f, 11 / 15.0f,
                                             12 / 15.0f, 13 / 15.0f, 14 / 15.0f, 15 / 15.0f};

/* The subject has the screen's grain too. */
static inline float covariance(float a, float f, float screen, float edge)
{
    float b = 1 - a;
    return a * a * f + (b * b + 1) * screen + b * edge;
}

CK_CLONES
static void set_kind(ck_key_mixture *m, int k, const ck_key_colours *f, const ck_key_grain *g)
{
    float(*inv)[CK_KEY_LANES] = m->inverse[k];
    for (int i = 0; i < CK_KEY_LANES; i++) {
        float s[6], a = coverage[i];
        for (int z = 0; z < 6; z++)
            s[z] = covariance(a, f->cov[z], g->screen[z], g->edge[z]);
        float c00 = s[3] * s[5] - s[4] * s[4], c01 = s[2] * s[4] - s[1] * s[5], c02 = s[1] * s[4] - s[2] * s[3];
        float det = s[0] * c00 + s[1] * c01 + s[2] * c02;
        det = det > LEAST_DETERMINANT ? det : LEAST_DETERMINANT;
        float r = 1 / det;
        inv[0][i] = r * c00;
        inv[1][i] = r * c01;
        inv[2][i] = r * c02;
        inv[3][i] = r * (s[0] * s[5] - s[2] * s[2]);
        inv[4][i] = r * (s[1] * s[2] - s[0] * s[4]);
        inv[5][i] = r * (s[0] * s[3] - s[1] * s[1]);
        m->weight[k][i] = f->weight / sqrtf(det);
    }
}

void ck_key_mixture_set(ck_key_mixture *m, const ck_key_colours *kinds, int n, const float b[3], const ck_key_grain *g)
{
    m->kinds = n;
    memcpy(m->b, b, sizeof m->b);
    for (int k = 0; k < n; k++) {
        memcpy(m->f[k], kinds[k].mean, sizeof m->f[k]);
        set_kind(m, k, &kinds[k], g);
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
    int32_t bits = ((int32_t)whole + 127) * (1 << 23);
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

CK_CLONES
ck_key_said ck_key_mixture_ask(const ck_key_mixture *m, const float c[3])
{
    float likely[CK_KEY_KINDS][CK_KEY_LANES], sum[CK_KEY_LANES] = {0}, top = -1e30f, all = 0, mean = 0;
    for (int k = 0; k < m->kinds; k++) {
        const float(*v)[CK_KEY_LANES] = m->inverse[k];
        for (int i = 0; i < CK_KEY_LANES; i++) {
            float a = coverage[i], d0 = c[0] - m->b[0] - a * (m->f[k][0] - m->b[0]),
                  d1 = c[1] - m->b[1] - a * (m->f[k][1] - m->b[1]), d2 = c[2] - m->b[2] - a * (m->f[k][2] - m->b[2]);
            likely[k][i] = -0.5f * (v[0][i] * d0 * d0 + v[3][i] * d1 * d1 + v[5][i] * d2 * d2) -
                           (v[1][i] * d0 * d1 + v[2][i] * d0 * d2 + v[4][i] * d1 * d2);
        }
        for (int i = 0; i < CK_KEY_LANES; i++)
            top = likely[k][i] > top ? likely[k][i] : top;
    }
    for (int k = 0; k < m->kinds; k++)
        for (int i = 0; i < CK_KEY_LANES; i++)
            sum[i] += m->weight[k][i] * power(likely[k][i] - top);
    for (int i = 0; i < CK_KEY_LANES; i++) {
        all += sum[i];
        mean += sum[i] * coverage[i];
    }
    float average = all / CK_KEY_LANES;
    return (ck_key_said){mean / all, sum[0] / average, sum[CK_KEY_LANES - 1] / average};
}
