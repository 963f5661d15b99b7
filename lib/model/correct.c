#include "model/correct.h"

#include <string.h>

#include "base/clones.h"
#include "image/convert.h"
#include "model/finals.h"
#include "model/input.h"

#define DOUBT 0.25f /* of the way between hint and key */

CK_CLONES
static void least_of(float *to, const float *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = to[i] < a[i] ? to[i] : a[i];
}

CK_CLONES
static void most_of(float *to, const float *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = to[i] > a[i] ? to[i] : a[i];
}

/* dst: of each pixel the least, or the most, of (2 rx + 1) x (2 ry + 1) pixels around, as far as there are any. */
static void spread(const float *src, float *tmp, float *dst, int h, int w, int rx, int ry,
                   void (*take)(float *, const float *, size_t))
{
    size_t row = (size_t)w, n = row * (size_t)h;
    memcpy(tmp, src, n * sizeof(float));
    for (int y = 0; y < h; y++)
        for (int x = 1; x <= rx && x < w; x++) {
            const float *s = src + (size_t)y * row;
            float *t = tmp + (size_t)y * row;
            take(t, s + x, row - (size_t)x);
            take(t + x, s, row - (size_t)x);
        }
    memcpy(dst, tmp, n * sizeof(float));
    for (int y = 1; y <= ry && y < h; y++) {
        take(dst, tmp + (size_t)y * row, n - (size_t)y * row);
        take(dst + (size_t)y * row, tmp, n - (size_t)y * row);
    }
}

typedef struct work {
    int h, w, rx, ry;
    size_t n;
    float *alpha, *hint, *key, *part, *a, *b;
} work;

/* alpha += sign x the opening of what there is of that sign in `part`, which holds alpha - key. */
static void add_wide(const work *k, float sign)
{
    for (size_t i = 0; i < k->n; i++)
        k->a[i] = sign * k->part[i] > 0 ? sign * k->part[i] : 0;
    spread(k->a, k->b, k->a, k->h, k->w, k->rx, k->ry, least_of);
    spread(k->a, k->b, k->a, k->h, k->w, k->rx, k->ry, most_of);
    for (size_t i = 0; i < k->n; i++)
        k->alpha[i] += sign * k->a[i];
}

/* Between hint and key a choice: what is within DOUBT of one of them is that one. */
static inline float choose(float hint, float key, float v)
{
    float t = (v - key) / (hint - key);
    return t > 0 && t < 1 ? key + (hint - key) * ck_unit((t - DOUBT) / (1 - 2 * DOUBT)) : v;
}

static void keep_within(const work *k, float most)
{
    for (size_t i = 0; i < k->n; i++) {
        float a = ck_unit(k->hint[i]), b = k->key[i], lo = a < b ? a : b, hi = a < b ? b : a;
        float v = choose(a, b, k->alpha[i]);
        lo -= 4 * most * lo * (1 - lo);
        hi += 4 * most * hi * (1 - hi);
        k->alpha[i] = v < lo ? lo : v > hi ? hi : v;
    }
}

static void correct(const work *k, float most)
{
    for (size_t i = 0; i < k->n; i++) {
        k->key[i] = ck_unit(k->key[i]);
        k->part[i] = k->alpha[i] - k->key[i];
        k->alpha[i] = k->key[i];
    }
    add_wide(k, 1);
    add_wide(k, -1);
    keep_within(k, most);
}

size_t ck_correct_bytes(int h, int w)
{
    return 6 * (size_t)h * (size_t)w * sizeof(float);
}

/* Half a cell of h x w pictures' logits on a matte of `of` pixels. */
static int half_cell(int of, int net)
{
    return (CK_LOGIT_STRIDE * of + net) / (2 * net);
}

ck_status ck_correct(const ck_plane *hint, const ck_plane *key, int h, int w, float most, ck_plane *alpha, ck_error *e)
{
    work k = {.h = alpha->h, .w = alpha->w, .rx = half_cell(alpha->w, w), .ry = half_cell(alpha->h, h)};
    k.n = (size_t)k.h * (size_t)k.w;
    ck_buffer *all = ck_buffer_new(ck_correct_bytes(k.h, k.w));
    if (!all)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the correction of a matte of %d x %d", k.w, k.h);
    k.alpha = all->data;
    k.hint = k.alpha + k.n;
    k.key = k.hint + k.n;
    k.part = k.key + k.n;
    k.a = k.part + k.n;
    k.b = k.a + k.n;
    ck_status s = ck_input_hint(hint, k.h, k.w, k.hint, e);
    if (s == CK_OK)
        s = ck_input_hint(key ? key : hint, k.h, k.w, k.key, e);
    if (s == CK_OK) {
        ck_to_f32(alpha->data, alpha->type, k.alpha, k.n);
        correct(&k, most);
        if (alpha->type == CK_F32)
            memcpy(alpha->data, k.alpha, k.n * sizeof(float));
        else
            ck_f32_to_f16(k.alpha, alpha->data, k.n);
    }
    ck_buffer_unref(all);
    return s;
}
