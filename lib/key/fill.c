/* Carry values from where they are known to where they are not. */
#include "key/part.h"

#define ECHO 0.1f /* weight of the coarser level's answer against a pixel that knows its own */

/* A level of the pyramid: values f, in the end filled, and weights w. */
typedef struct level {
    float *f, *w;
    int h, w_;
} level;

static void pull(const level *fine, const level *coarse)
{
    for (int j = 0; j < coarse->h; j++)
        for (int i = 0; i < coarse->w_; i++) {
            float sum = 0, weight = 0;
            for (int y = 2 * j; y < 2 * j + 2 && y < fine->h; y++)
                for (int x = 2 * i; x < 2 * i + 2 && x < fine->w_; x++) {
                    size_t p = (size_t)y * fine->w_ + x;
                    sum += fine->f[p] * fine->w[p];
                    weight += fine->w[p];
                }
            size_t q = (size_t)j * coarse->w_ + i;
            coarse->f[q] = weight > 0 ? sum / weight : 0;
            coarse->w[q] = weight < 1 ? weight : 1;
        }
}

static void push(const level *coarse, const level *fine)
{
    int cw = coarse->w_, ch = coarse->h;
    for (int y = 0; y < fine->h; y++) {
        /* Between the centres of coarse pixels, a quarter of the way from the nearer. */
        int j = y / 2, j2 = y & 1 ? (j + 1 < ch ? j + 1 : j) : (j > 0 ? j - 1 : 0);
        const float *a = coarse->f + (size_t)j * cw, *b = coarse->f + (size_t)j2 * cw;
        for (int x = 0; x < fine->w_; x++) {
            int i = x / 2, i2 = x & 1 ? (i + 1 < cw ? i + 1 : i) : (i > 0 ? i - 1 : 0);
            float up = 0.75f * (0.75f * a[i] + 0.25f * a[i2]) + 0.25f * (0.75f * b[i] + 0.25f * b[i2]);
            size_t p = (size_t)y * fine->w_ + x;
            fine->f[p] = (fine->f[p] * fine->w[p] + ECHO * up) / (fine->w[p] + ECHO);
        }
    }
}

ck_status ck_key_fill(float *f, const float *w, int gw, int gh, ck_error *e)
{
    level l[32] = {{f, (float *)w, gh, gw}}; /* w is only read: no level is coarser than the first */
    int n = 1;
    size_t cells = 0, bytes;
    for (int h = gh, v = gw; h > 1 || v > 1; n++) {
        h = (h + 1) / 2, v = (v + 1) / 2;
        l[n] = (level){NULL, NULL, h, v};
        cells += (size_t)h * v;
    }
    ck_buffer *buf = ck_mul(cells + 1, 2 * sizeof(float), &bytes) ? ck_buffer_new(bytes) : NULL;
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the key's fill");
    float *next = buf->data;
    for (int i = 1; i < n; i++) {
        size_t size = (size_t)l[i].h * l[i].w_;
        l[i].f = next, l[i].w = next + size, next += 2 * size;
        pull(&l[i - 1], &l[i]);
    }
    for (int i = n - 1; i > 0; i--)
        push(&l[i], &l[i - 1]);
    ck_buffer_unref(buf);
    return CK_OK;
}
