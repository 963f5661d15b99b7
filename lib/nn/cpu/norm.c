/* LayerNorm over channels; GroupNorm from the convolutions' sums. */
#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "nn/cpu/cpu.h"
#include "nn/cpu/element.h"

#define LANES 16 /* partial sums, added pairwise at the end */

static inline float total(const float *v)
{
    float a[LANES];
    memcpy(a, v, sizeof a);
    for (int n = LANES / 2; n; n /= 2)
        for (int i = 0; i < n; i++)
            a[i] += a[i + n];
    return a[0];
}

CK_CLONES static void layer_norm(const float *x, int n, const float *w, const float *b, float eps, void *y, bool bf16)
{
    float sum[LANES] = {0}, squares[LANES] = {0};
    int whole = n / LANES * LANES;
    for (int c = 0; c < whole; c += LANES)
        for (int i = 0; i < LANES; i++)
            sum[i] += x[c + i];
    for (int i = 0; whole + i < n; i++)
        sum[i] += x[whole + i];
    float mean = total(sum) / (float)n;
    for (int c = 0; c < whole; c += LANES)
        for (int i = 0; i < LANES; i++) {
            float d = x[c + i] - mean;
            squares[i] += d * d;
        }
    for (int i = 0; whole + i < n; i++) {
        float d = x[whole + i] - mean;
        squares[i] += d * d;
    }
    float scale = 1 / sqrtf(total(squares) / (float)n + eps);
    if (bf16)
        for (int c = 0; c < n; c++)
            ck_cpu_put(y, true, (size_t)c, (x[c] - mean) * scale * w[c] + b[c]);
    else
        for (int c = 0; c < n; c++)
            ck_cpu_put(y, false, (size_t)c, (x[c] - mean) * scale * w[c] + b[c]);
}

static void layer_norm_task(void *call, int i, int who)
{
    (void)who;
    const ck_nn_step *s = ((const ck_cpu_call *)call)->s;
    int first, end;
    ck_cpu_band((int)ck_nn_pixels(&s->y), i, &first, &end);
    for (int p = first; p < end; p++)
        layer_norm(ck_nn_at(&s->x[0], (size_t)p), s->y.c, s->weight->w, s->weight->bias, s->eps,
                   ck_nn_pixel(&s->y, (size_t)p), s->y.type == CK_NN_BF16);
}

void ck_cpu_layer_norm(ck_nn *dev, const ck_nn_step *s)
{
    ck_cpu_parallel(dev, s, ck_cpu_bands((int)ck_nn_pixels(&s->y)), layer_norm_task);
}

void ck_cpu_group_norm(ck_nn *dev, const ck_nn_step *s)
{
    (void)dev;
    ck_nn_host_group_norm(s, s->weight->w, s->weight->bias);
}

CK_CPU_INLINE void apply_typed(const void *x, bool bf16, const float *norm, const void *add, int n, void *y)
{
    for (size_t c = 0; c < (size_t)n; c++) {
        float v = ck_cpu_get(x, bf16, c) * norm[c] + norm[(size_t)n + c] + (add ? ck_cpu_get(add, bf16, c) : 0);
        ck_cpu_put(y, bf16, c, v < 0 ? 0 : v);
    }
}

/* x, add and y are of one type. */
CK_CLONES static void apply(const void *x, bool bf16, const float *norm, const void *add, int n, void *y)
{
    if (bf16)
        apply_typed(x, true, norm, add, n, y);
    else
        apply_typed(x, false, norm, add, n, y);
}

static void apply_area(const ck_nn_step *s, ck_nn_area a, int who)
{
    (void)who;
    for (int y = a.y0; y < a.y1; y++)
        for (int x = a.x0; x < a.x1; x++) {
            size_t p = (size_t)y * (size_t)s->y.w + (size_t)x;
            apply(ck_nn_pixel(&s->x[0], p), s->y.type == CK_NN_BF16, s->x[1].data,
                  ck_nn_has(&s->x[2]) ? ck_nn_pixel(&s->x[2], p) : NULL, s->y.c, ck_nn_pixel(&s->y, p));
        }
}

void ck_cpu_apply(ck_nn *dev, const ck_nn_step *s)
{
    ck_nn_host_areas(ck_cpu_of(dev)->team, s, apply_area);
}
