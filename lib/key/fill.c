/* Carry values from where they are known to where they are not. */
#include "base/clones.h"
#include "key/part.h"

#define ECHO 0.1f /* weight of the coarser level's answer against a pixel that knows its own */

/* A level of the pyramid: values f, in the end filled, and weights w. */
typedef struct level {
    float *f;
    const float *w;
    int h, w_;
} level;

/* weights: coarse->w, to be written. */
static void pull(const level *fine, const level *coarse, float *weights)
{
    for (int j = 0; j < coarse->h; j++)
        for (int i = 0; i < coarse->w_; i++) {
            float sum = 0, weight = 0;
            for (int y = 2 * j; y < 2 * j + 2 && y < fine->h; y++)
                for (int x = 2 * i; x < 2 * i + 2 && x < fine->w_; x++) {
                    size_t p = ck_key_pixel(x, y, fine->w_);
                    sum += fine->f[p] * fine->w[p];
                    weight += fine->w[p];
                }
            size_t q = ck_key_pixel(i, j, coarse->w_);
            coarse->f[q] = weight > 0 ? sum / weight : 0;
            weights[q] = weight < 1 ? weight : 1;
        }
}

static inline float answer(float f, float w, float up)
{
    return (f * w + ECHO * up) / (w + ECHO);
}

/* From a, the nearer of two coarse rows, and b: pixels 2i and 2i+1 of from <= i < to, which have neighbours. */
CK_CLONES
static void push_inner(const float *restrict a, const float *restrict b, int from, int to, const float *restrict w,
                       float *restrict f)
{
    for (int i = from; i < to; i++) {
        float a0 = 0.75f * a[i], b0 = 0.75f * b[i];
        float left = 0.75f * (a0 + 0.25f * a[i - 1]) + 0.25f * (b0 + 0.25f * b[i - 1]),
              right = 0.75f * (a0 + 0.25f * a[i + 1]) + 0.25f * (b0 + 0.25f * b[i + 1]);
        f[2 * i] = answer(f[2 * i], w[2 * i], left);
        f[2 * i + 1] = answer(f[2 * i + 1], w[2 * i + 1], right);
    }
}

static void push(const level *coarse, const level *fine)
{
    int cw = coarse->w_, ch = coarse->h;
    for (int y = 0; y < fine->h; y++) {
        /* Between the centres of coarse pixels, a quarter of the way from the nearer. */
        int j = y / 2, j2 = y & 1 ? (j + 1 < ch ? j + 1 : j) : (j > 0 ? j - 1 : 0);
        const float *a = coarse->f + (size_t)j * (size_t)cw, *b = coarse->f + (size_t)j2 * (size_t)cw;
        const float *w = fine->w + ck_key_pixel(0, y, fine->w_);
        float *f = fine->f + ck_key_pixel(0, y, fine->w_);
        if (cw > 2)
            push_inner(a, b, 1, cw - 1, w, f);
        for (int x = 0; x < fine->w_; x = x == 1 && cw > 2 ? 2 * (cw - 1) : x + 1) {
            int i = x / 2, i2 = x & 1 ? (i + 1 < cw ? i + 1 : i) : (i > 0 ? i - 1 : 0);
            float up = 0.75f * (0.75f * a[i] + 0.25f * a[i2]) + 0.25f * (0.75f * b[i] + 0.25f * b[i2]);
            f[x] = answer(f[x], w[x], up);
        }
    }
}

ck_status ck_key_fill(float *f, const float *w, int gw, int gh, ck_error *e)
{
    level l[32] = {{f, w, gh, gw}};
    int n = 1;
    size_t cells = 0, bytes;
    for (int h = gh, v = gw; h > 1 || v > 1; n++) {
        h = (h + 1) / 2, v = (v + 1) / 2;
        l[n] = (level){NULL, NULL, h, v};
        cells += (size_t)h * (size_t)v;
    }
    ck_buffer *buf = ck_mul(cells + 1, 2 * sizeof(float), &bytes) ? ck_buffer_new(bytes) : NULL;
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the key's fill");
    float *next = buf->data;
    for (int i = 1; i < n; i++) {
        size_t size = (size_t)l[i].h * (size_t)l[i].w_;
        l[i].f = next, l[i].w = next + size;
        pull(&l[i - 1], &l[i], next + size);
        next += 2 * size;
    }
    for (int i = n - 1; i > 0; i--)
        push(&l[i], &l[i - 1]);
    ck_buffer_unref(buf);
    return CK_OK;
}
