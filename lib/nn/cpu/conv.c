/* 3x3 dilated convolutions in tiles of CK_NN_BLOCK x CK_NN_BLOCK pixels.
 *
 *     gather   the tile and its surroundings, normalised on the way, zeros outside the map
 *     oneDNN   convolution without padding                                        [32][32][out]
 *     store    what lies inside the map, and the tile's sums for GroupNorm
 *
 * Every tile has the same shape, so one primitive serves them all, and a tile is a block of the statistics:
 * nothing depends on which tiles are computed, or in which order. */
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/mem.h"
#include "nn/cpu/cpu.h"

#define SIDE CK_NN_BLOCK
#define LANES 16 /* channels are padded to a multiple, as oneDNN's blocks want them */

typedef struct conv {
    cpu_prepared base;
    dnnl_primitive_t run;
    dnnl_memory_desc_t x, y, scratch;
    dnnl_memory_t w, bias;
    int in, out;                  /* padded */
    int side;                     /* of what is gathered */
    size_t x_bytes, y_bytes, all; /* of scratch, per thread */
} conv;

static int padded(int n)
{
    return (n + LANES - 1) / LANES * LANES;
}

/* Kept as [padded out][padded in][3][3]; the layout that a step wants is made when it is prepared. */
ck_status cpu_pack_conv(ck_nn_weight *w, const float *values, const float *bias, ck_error *e)
{
    size_t in = (size_t)padded(w->in), out = (size_t)padded(w->out);
    w->w = calloc(out * in * 9, sizeof *w->w);
    w->bias = calloc(out, sizeof *w->bias);
    if (!w->w || !w->bias)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for weights");
    for (size_t o = 0; o < (size_t)w->out; o++)
        memcpy(w->w + o * in * 9, values + o * (size_t)w->in * 9, (size_t)w->in * 9 * sizeof *values);
    memcpy(w->bias, bias, (size_t)w->out * sizeof *bias);
    return CK_OK;
}

static dnnl_status_t describe(cpu_device *d, const conv *c, int dilation, dnnl_primitive_desc_t *to)
{
    dnnl_memory_desc_t x, y, w, bias;
    dnnl_dims_t x_dims = {1, c->in, c->side, c->side}, y_dims = {1, c->out, SIDE, SIDE};
    dnnl_dims_t w_dims = {c->out, c->in, 3, 3}, bias_dims = {c->out};
    dnnl_dims_t stride = {1, 1}, gaps = {dilation - 1, dilation - 1}, none = {0, 0};
    dnnl_convolution_desc_t op;
    dnnl_primitive_attr_t attr;
    dnnl_memory_desc_init_by_tag(&x, 4, x_dims, dnnl_f32, dnnl_nhwc);
    dnnl_memory_desc_init_by_tag(&y, 4, y_dims, dnnl_f32, dnnl_nhwc);
    dnnl_memory_desc_init_by_tag(&w, 4, w_dims, dnnl_f32, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&bias, 1, bias_dims, dnnl_f32, dnnl_a);
    dnnl_status_t s = dnnl_dilated_convolution_forward_desc_init(&op, dnnl_forward_inference, dnnl_convolution_direct,
                                                                 &x, &w, &bias, &y, stride, gaps, none, none);
    if (s != dnnl_success || (s = dnnl_primitive_attr_create(&attr)) != dnnl_success)
        return s;
    s = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    if (s == dnnl_success)
        s = dnnl_primitive_desc_create(to, &op, attr, d->engine, NULL);
    dnnl_primitive_attr_destroy(attr);
    return s;
}

static dnnl_status_t place_weights(cpu_device *d, conv *c, const ck_nn_weight *w, dnnl_primitive_desc_t pd)
{
    dnnl_memory_desc_t plain;
    dnnl_dims_t dims = {c->out, c->in, 3, 3};
    dnnl_memory_t from;
    dnnl_memory_desc_init_by_tag(&plain, 4, dims, dnnl_f32, dnnl_abcd);
    dnnl_status_t s = dnnl_memory_create(&from, &plain, d->engine, w->w);
    if (s != dnnl_success)
        return s;
    s = dnnl_memory_create(&c->w, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0), d->engine,
                           DNNL_MEMORY_ALLOCATE);
    if (s == dnnl_success)
        s = cpu_reorder(d, from, c->w);
    dnnl_memory_destroy(from);
    if (s == dnnl_success)
        s = dnnl_memory_create(&c->bias, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 1), d->engine,
                               w->bias);
    return s;
}

static void release(cpu_prepared *base)
{
    conv *c = (conv *)base;
    dnnl_primitive_destroy(c->run);
    dnnl_memory_destroy(c->w);
    dnnl_memory_destroy(c->bias);
    free(c);
}

ck_status cpu_prepare_conv(cpu_device *d, ck_nn_step *s, size_t *scratch, ck_error *e)
{
    conv *c = calloc(1, sizeof *c);
    dnnl_primitive_desc_t pd;
    if (!c)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a convolution");
    *c = (conv){.base = {release, d->prepared},
                .in = padded(s->weight->in),
                .out = padded(s->weight->out),
                .side = SIDE + 2 * s->dilation};
    d->prepared = &c->base;
    s->prepared = c;
    dnnl_status_t st = describe(d, c, s->dilation, &pd);
    if (st != dnnl_success)
        return cpu_dnnl(st, "a convolution", e);
    c->x = *dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0);
    c->y = *dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0);
    c->scratch = *dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    st = place_weights(d, c, s->weight, pd);
    if (st == dnnl_success)
        st = dnnl_primitive_create(&c->run, pd);
    dnnl_primitive_desc_destroy(pd);
    c->x_bytes = ck_pad((size_t)c->side * (size_t)c->side * (size_t)c->in * sizeof(float));
    c->y_bytes = ck_pad((size_t)(SIDE * SIDE) * (size_t)c->out * sizeof(float));
    c->all = c->x_bytes + c->y_bytes + ck_pad(dnnl_memory_desc_get_size(&c->scratch));
    *scratch = (size_t)ck_team_size(d->team) * c->all;
    return cpu_dnnl(st, "a convolution", e);
}

/* ---- a tile ---- */

/* n pixels: to[out channels] from[channels], relu(x * scale + shift) if there is a norm. */
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

/* Pixels from (y0, x0) on, side x side. */
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
        copy_pixels(cpu_at(t, (size_t)y * (size_t)t->w + (size_t)(x0 + from)), (size_t)t->ld, end - from, t->c, norm,
                    to + (size_t)from * (size_t)c->in, c->in);
        memset(to + (size_t)end * (size_t)c->in, 0, (size_t)(c->side - end) * (size_t)c->in * sizeof *to);
    }
}

/* LANES channels over n pixels, `stride` apart. */
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

/* Channels in order, LANES at a time so that the sums stay in registers. */
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
            memcpy(cpu_at(&s->y, (size_t)y * (size_t)s->y.w + (size_t)x), from + (size_t)(x - a->x0) * (size_t)c->out,
                   (size_t)s->y.c * sizeof *from);
}

static dnnl_status_t convolve(cpu_device *d, const conv *c, float *x, float *y, void *scratch, int who)
{
    dnnl_memory_t mx = NULL, my = NULL, ms = NULL;
    dnnl_status_t s = dnnl_memory_create(&mx, &c->x, d->engine, x);
    if (s == dnnl_success)
        s = dnnl_memory_create(&my, &c->y, d->engine, y);
    if (s == dnnl_success)
        s = dnnl_memory_create(&ms, &c->scratch, d->engine, scratch);
    if (s == dnnl_success) {
        dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, mx},
                                  {DNNL_ARG_WEIGHTS, c->w},
                                  {DNNL_ARG_BIAS, c->bias},
                                  {DNNL_ARG_DST, my},
                                  {DNNL_ARG_SCRATCHPAD, ms}};
        s = dnnl_primitive_execute(c->run, d->streams[who], 5, args);
    }
    dnnl_memory_destroy(mx);
    dnnl_memory_destroy(my);
    dnnl_memory_destroy(ms);
    return s;
}

static void tile_task(void *call, int task, int who)
{
    const cpu_call *k = call;
    const ck_nn_step *s = k->s;
    const conv *c = s->prepared;
    int i = ck_nn_in_part(s) ? s->part->block[task] : task;
    ck_nn_area a = ck_nn_block_area(&s->y, i);
    char *scratch = (char *)s->scratch + (size_t)who * c->all;
    float *x = (float *)scratch, *y = (float *)(scratch + c->x_bytes);
    gather(s, c, a.y0 - s->dilation, a.x0 - s->dilation, x);
    dnnl_status_t st = convolve(k->dev, c, x, y, scratch + c->x_bytes + c->y_bytes, who);
    if (st != dnnl_success) {
        ck_error e;
        cpu_fail(k->dev, cpu_dnnl(st, "a convolution", &e), &e);
        return;
    }
    store(s, c, &a, y);
    if (ck_nn_has(&s->stats))
        block_sums(s, c, a.y1 - a.y0, a.x1 - a.x0, y, (double *)s->stats.data + (size_t)i * (size_t)s->groups * 2);
}

void cpu_conv(ck_nn *dev, const ck_nn_step *s)
{
    cpu_parallel(dev, s, ck_nn_in_part(s) ? s->part->n : ck_nn_blocks(s->y.h) * ck_nn_blocks(s->y.w), tile_task);
}
