/* 3x3 dilated convolutions in tiles of CK_NN_BLOCK x CK_NN_BLOCK pixels.
 *
 *     gather   the tile and a border of `dilation` pixels, normalised if asked for, zeros outside the map
 *     oneDNN   convolution without padding                                        [32][32][out]
 *     store    the pixels inside the map, and the tile's sums for GroupNorm
 *
 * All tiles have one shape and share one primitive.  A tile is a block of the statistics, so a result does not depend
 * on which tiles are computed, nor on their order. */
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/mem.h"
#include "nn/cpu/cpu.h"

#define SIDE CK_NN_BLOCK
#define LANES 16 /* channels are padded to a multiple: the size of oneDNN's blocks */

typedef struct conv {
    ck_cpu_prepared base;
    ck_cpu_primitive *run;
    int in, out;                  /* padded channels */
    int side;                     /* of a tile with its border */
    size_t x_bytes, y_bytes, all; /* of a thread's scratch */
} conv;

static int padded(int n)
{
    return (n + LANES - 1) / LANES * LANES;
}

/* Weights and bias padded with zeros. */
ck_status ck_cpu_pack_conv(ck_cpu_device *d, ck_nn_weight *w, const float *values, const float *bias, ck_error *e)
{
    size_t in = (size_t)padded(w->in), out = (size_t)padded(w->out), per = (size_t)w->in * 9;
    float *all = calloc(out * in * 9 + out, sizeof *all);
    if (!all)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for weights");
    float *all_bias = all + out * in * 9;
    for (size_t o = 0; o < (size_t)w->out; o++)
        memcpy(all + o * in * 9, values + o * per, per * sizeof *values);
    memcpy(all_bias, bias, (size_t)w->out * sizeof *bias);
    ck_status s = ck_cpu_packed_conv(d->dnnl, (int)out, (int)in, all, all_bias, &w->packed, e);
    free(all);
    return s;
}

static void release(ck_cpu_prepared *base)
{
    conv *c = (conv *)base;
    ck_cpu_primitive_free(c->run);
    free(c);
}

ck_status ck_cpu_prepare_conv(ck_cpu_device *d, ck_nn_step *s, size_t *scratch, ck_error *e)
{
    conv *c = calloc(1, sizeof *c);
    if (!c)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a convolution");
    *c = (conv){.base = {release, d->prepared},
                .in = padded(s->weight->in),
                .out = padded(s->weight->out),
                .side = SIDE + 2 * s->dilation};
    d->prepared = &c->base;
    s->prepared = c;
    ck_status st = ck_cpu_primitive_conv(d->dnnl, s->weight->packed, SIDE, s->dilation, &c->run, e);
    if (st != CK_OK)
        return st;
    c->x_bytes = ck_pad((size_t)c->side * (size_t)c->side * (size_t)c->in * sizeof(float));
    c->y_bytes = ck_pad((size_t)(SIDE * SIDE) * (size_t)c->out * sizeof(float));
    c->all = c->x_bytes + c->y_bytes + ck_cpu_primitive_scratch(c->run);
    *scratch = (size_t)ck_team_size(d->team) * c->all;
    return CK_OK;
}

/* ---- a tile ---- */

/* n pixels of `channels` to n of `width`, zero padded; relu(x * scale + shift) if there is a norm. */
CK_CLONES static void copy_pixels(const float *from, size_t ld, int n, int channels, const float *norm, float *to,
                                  int width)
{
    for (int x = 0; x < n; x++, from += ld, to += width) {
        for (int c = 0; c < channels; c++) {
            float v = norm ? from[c] * norm[c] + norm[channels + c] : from[c];
            to[c] = norm && v < 0 ? 0 : v;
        }
        for (int c = channels; c < width; c++)
            to[c] = 0;
    }
}

/* The side x side pixels from (y0, x0) on. */
static void gather(const ck_nn_step *s, const conv *c, int y0, int x0, float *to)
{
    const ck_nn_tensor *t = &s->x[0];
    const float *norm = ck_nn_has(&s->x[1]) ? s->x[1].data : NULL;
    int from = x0 < 0 ? -x0 : 0, end = t->w - x0 < c->side ? t->w - x0 : c->side;
    for (int y = y0; y < y0 + c->side; y++, to += (size_t)c->side * (size_t)c->in) {
        if (y < 0 || y >= t->h || end <= from) {
            memset(to, 0, (size_t)c->side * (size_t)c->in * sizeof *to);
            continue;
        }
        memset(to, 0, (size_t)from * (size_t)c->in * sizeof *to);
        copy_pixels(ck_nn_at(t, (size_t)y * (size_t)t->w + (size_t)(x0 + from)), (size_t)t->ld, end - from, t->c, norm,
                    to + (size_t)from * (size_t)c->in, c->in);
        memset(to + (size_t)end * (size_t)c->in, 0, (size_t)(c->side - end) * (size_t)c->in * sizeof *to);
    }
}

/* Adds LANES channels of n pixels, `stride` apart, and their squares. */
CK_CLONES static void add_sums(const float *p, int n, size_t stride, double *sum, double *squares)
{
    double a[LANES], b[LANES];
    memcpy(a, sum, sizeof a);
    memcpy(b, squares, sizeof b);
    for (int x = 0; x < n; x++, p += stride)
        for (int c = 0; c < LANES; c++) {
            a[c] += (double)p[c];
            b[c] += (double)p[c] * (double)p[c];
        }
    memcpy(sum, a, sizeof a);
    memcpy(squares, b, sizeof b);
}

/* A block's sums by group: channels in order, LANES at a time so that the sums stay in registers. */
static void block_sums(const ck_nn_step *s, const conv *c, int rows, int columns, const float *from, double *to)
{
    int per = s->y.c / s->groups;
    memset(to, 0, (size_t)s->groups * 2 * sizeof *to);
    for (int c0 = 0; c0 < s->y.c; c0 += LANES) {
        double sum[LANES] = {0}, squares[LANES] = {0};
        for (int y = 0; y < rows; y++)
            add_sums(from + (size_t)y * SIDE * (size_t)c->out + c0, columns, (size_t)c->out, sum, squares);
        for (int i = 0; i < LANES && c0 + i < s->y.c; i++) {
            to[(c0 + i) / per * 2] += sum[i];
            to[(c0 + i) / per * 2 + 1] += squares[i];
        }
    }
}

static void store(const ck_nn_step *s, const conv *c, const ck_nn_area *a, const float *from)
{
    for (int y = a->y0; y < a->y1; y++, from += SIDE * c->out)
        for (int x = a->x0; x < a->x1; x++)
            memcpy(ck_nn_at(&s->y, (size_t)y * (size_t)s->y.w + (size_t)x), from + (size_t)(x - a->x0) * (size_t)c->out,
                   (size_t)s->y.c * sizeof *from);
}

static void tile_task(void *call, int task, int who)
{
    const ck_cpu_call *k = call;
    const ck_nn_step *s = k->s;
    const conv *c = s->prepared;
    int i = ck_nn_in_part(s) ? s->part->block[task] : task;
    ck_nn_area a = ck_nn_block_area(&s->y, i);
    char *scratch = (char *)s->scratch + (size_t)who * c->all;
    float *x = (float *)scratch, *y = (float *)(scratch + c->x_bytes);
    gather(s, c, a.y0 - s->dilation, a.x0 - s->dilation, x);
    ck_error e;
    ck_status st = ck_cpu_primitive_run(k->dev->dnnl, c->run, x, y, scratch + c->x_bytes + c->y_bytes, who, &e);
    if (st != CK_OK) {
        ck_cpu_fail(k->dev, st, &e);
        return;
    }
    store(s, c, &a, y);
    if (ck_nn_has(&s->stats))
        block_sums(s, c, a.y1 - a.y0, a.x1 - a.x0, y, (double *)s->stats.data + (size_t)i * (size_t)s->groups * 2);
}

void ck_cpu_conv(ck_nn *dev, const ck_nn_step *s)
{
    ck_cpu_parallel(dev, s, ck_nn_in_part(s) ? s->part->n : ck_nn_blocks(s->y.h) * ck_nn_blocks(s->y.w), tile_task);
}
