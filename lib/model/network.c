#include "model/network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/parts.h"

#define MAX_SIDE 16384 /* of a frame */

struct ck_network {
    ck_sizes sizes;
    ck_nn *dev;
    ck_plan *plan;
    int h, w;
    bool infer, refine;
    ck_nn_tensor input;  /* planar [4] or, without infer, [3] */
    ck_nn_tensor logits; /* planar [4] */
    ck_nn_tensor maps[CK_ENCODER_STAGES];
    ck_refined refined;
    ck_refine_where where;
    int *blocks;  /* three lists: reach, core, rest */
    bool settled; /* statistics have been taken */
};

static ck_status choose_size(ck_network *n, const ck_network_options *o, ck_error *e)
{
    n->h = o->h ? o->h : 4 * n->sizes.grid;
    n->w = o->w ? o->w : 4 * n->sizes.grid;
    if (n->h < 32 || n->w < 32 || n->h > MAX_SIDE || n->w > MAX_SIDE || n->h % 32 || n->w % 32)
        return ck_fail(e, CK_ERR_ARGUMENT, "a network size of %dx%d: use multiples of 32 from 32 to %d", n->w, n->h,
                       MAX_SIDE);
    return CK_OK;
}

static ck_status make_lists(ck_network *n, ck_error *e)
{
    n->blocks = calloc((size_t)ck_nn_blocks(n->h) * (size_t)ck_nn_blocks(n->w) * 3, sizeof *n->blocks);
    return n->blocks ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a network");
}

/* A wanted block or a neighbour of one. */
static bool near(const unsigned char *wanted, int y, int x, int down, int across)
{
    for (int v = y > 0 ? y - 1 : 0; v <= y + 1 && v < down; v++)
        for (int u = x > 0 ? x - 1 : 0; u <= x + 1 && u < across; u++)
            if (wanted[v * across + u])
                return true;
    return false;
}

/* All convolutions behind the first together reach 30 pixels: less than a block. */
static ck_status choose_blocks(ck_network *n, const unsigned char *wanted, ck_error *e)
{
    static const int none[1];
    n->where = (ck_refine_where){.rest = {none, 0}};
    if (!wanted)
        return CK_OK;
    if (!n->blocks || !n->settled)
        return ck_fail(e, CK_ERR_ARGUMENT, "blocks of a frame without statistics: refine a whole frame first");
    int down = ck_nn_blocks(n->h), across = ck_nn_blocks(n->w), all = down * across;
    int *reach = n->blocks, *core = reach + all, *rest = core + all;
    n->where = (ck_refine_where){{reach, 0}, {core, 0}, {rest, 0}, {none, 0}};
    for (int i = 0; i < all; i++) {
        if (near(wanted, i / across, i % across, down, across))
            reach[n->where.reach.n++] = i;
        if (wanted[i])
            core[n->where.core.n++] = i;
        else
            rest[n->where.rest.n++] = i;
    }
    return CK_OK;
}

static void build(ck_network *n, const ck_weights *w, const ck_network_options *o)
{
    int band = o->band < n->h ? o->band : n->h;
    ck_parts b = {.weights = w,
                  .sizes = &n->sizes,
                  .dev = n->dev,
                  .plan = n->plan,
                  .h = n->h,
                  .w = n->w,
                  .where = o->sparse || o->band ? &n->where : NULL,
                  .sparse = o->sparse,
                  .band = band,
                  .keep = o->keep};
    if (band)
        ck_plan_bound(n->plan, o->memory, band);
    n->input = ck_plan_planar(n->plan, n->infer ? 4 : 3, n->h, n->w);
    ck_plan_input(n->plan, &n->input);
    if (n->infer) {
        ck_part_encoder(&b, &n->input, n->maps);
        n->logits = ck_part_decoders(&b, n->maps);
        ck_plan_output(n->plan, &n->logits);
    } else {
        n->logits = ck_plan_planar(n->plan, CK_LOGITS, n->h / 4, n->w / 4);
        ck_plan_input(n->plan, &n->logits);
    }
    if (n->refine) {
        ck_nn_tensor rgb = ck_plan_view(&n->input, 0, 3);
        n->refined = ck_part_refiner(&b, &rgb, &n->logits, o->scale);
        ck_plan_output(n->plan, &n->refined.final);
    }
    for (int i = 0; o->keep && i < CK_ENCODER_STAGES; i++)
        ck_plan_output(n->plan, &n->maps[i]);
    if (o->keep && n->refine) {
        ck_plan_output(n->plan, &n->refined.coarse);
        ck_plan_output(n->plan, &n->refined.delta);
    }
}

/* Where memory ran out: a size that fits, the picture's shape kept, and nearly the largest.  What a plan takes grows
 * with the picture's pixels; that the weights' position table shrinks with them is left out. */
static void say_what_fits(ck_network *n, ck_error *e)
{
    const ck_nn_backend *b = n->dev->ops;
    double needed = (double)ck_plan_bytes(n->plan), side;
    ck_plan_free(n->plan);
    n->plan = NULL;
    double left = b->available ? (double)b->available(n->dev) : 0;
    if (needed <= 0 || left <= 0)
        return;
    side = sqrt(0.97 * left / needed);
    int h = (int)(n->h * side) / 32 * 32, w = (int)(n->w * side) / 32 * 32;
    size_t at = strlen(e->text);
    if (h >= 32 && w >= 32 && side < 1)
        snprintf(e->text + at, sizeof e->text - at, ": --size %dx%d fits", w, h);
}

ck_status ck_network_open(const ck_weights *w, const ck_sizes *z, const ck_network_options *o, ck_network **out,
                          ck_error *e)
{
    ck_network *n = calloc(1, sizeof *n);
    if (!n)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a network");
    n->infer = o->infer;
    n->refine = o->refine;
    n->sizes = *z;
    ck_status st = choose_size(n, o, e);
    if (st == CK_OK && (o->band < 0 || o->band % CK_NN_BLOCK || (o->memory && !o->band)))
        st = ck_fail(e, CK_ERR_ARGUMENT, "bands of %d rows: use a multiple of %d", o->band, CK_NN_BLOCK);
    if (st == CK_OK && o->sparse)
        st = make_lists(n, e);
    if (st == CK_OK)
        st = ck_nn_open(o->device, o->threads, &n->dev, e);
    if (st == CK_OK)
        st = ck_nn_set_precision(n->dev, o->precision, e);
    if (st == CK_OK)
        st = ck_plan_new(n->dev, &n->plan, e);
    if (st == CK_OK) {
        build(n, w, o);
        st = ck_plan_finish(n->plan, e);
        if (st == CK_ERR_MEMORY)
            say_what_fits(n, e);
    }
    if (st != CK_OK) {
        ck_network_close(n);
        return st;
    }
    *out = n;
    return CK_OK;
}

void ck_network_close(ck_network *n)
{
    if (!n)
        return;
    ck_plan_free(n->plan);
    ck_nn_close(n->dev);
    free(n->blocks);
    free(n);
}

static void up(ck_network *n, const ck_nn_tensor *t, int from, int count, const float *src)
{
    ck_nn_tensor v = ck_plan_view(t, from, count);
    v = ck_plan_placed(n->plan, &v);
    n->dev->ops->upload(n->dev, &v, src);
}

static void down(ck_network *n, const ck_nn_tensor *t, int from, int count, float *dst)
{
    ck_nn_tensor v = ck_plan_view(t, from, count);
    v = ck_plan_placed(n->plan, &v);
    if (dst)
        n->dev->ops->download(n->dev, &v, dst);
}

/* A sum is finite only if every term is, short of overflow, which the network is far from. */
static bool all_finite(const float *p, size_t n)
{
    double sum = 0;
    for (size_t i = 0; p && i < n; i++)
        sum += (double)p[i];
    return isfinite(sum);
}

static ck_status check(const ck_network *n, const ck_network_io *io, ck_error *e)
{
    size_t pixels = (size_t)n->h * (size_t)n->w;
    bool good = all_finite(io->alpha_logits, pixels / 16) && all_finite(io->fg_logits, 3 * pixels / 16);
    if (n->refine)
        good = good && all_finite(io->alpha, pixels) && all_finite(io->fg, 3 * pixels);
    return good ? CK_OK
                : ck_fail(e, CK_ERR_FORMAT,
                          "the network's result is not finite: look for NaN or infinite values in the frame (ck-info)");
}

ck_status ck_network_run(ck_network *n, const ck_network_io *io, bool timed, ck_error *e)
{
    ck_status s = choose_blocks(n, io->blocks, e);
    if (s != CK_OK)
        return s;
    up(n, &n->input, 0, 3, io->rgb);
    if (n->infer) {
        up(n, &n->input, 3, 1, io->hint);
    } else {
        up(n, &n->logits, 0, 1, io->alpha_logits);
        up(n, &n->logits, 1, 3, io->fg_logits);
    }
    s = ck_plan_run(n->plan, timed, e);
    if (s != CK_OK)
        return s;
    if (n->infer) {
        down(n, &n->logits, 0, 1, io->alpha_logits);
        down(n, &n->logits, 1, 3, io->fg_logits);
    }
    if (n->refine) {
        down(n, &n->refined.final, 0, 1, io->alpha);
        down(n, &n->refined.final, 1, 3, io->fg);
    }
    s = n->dev->ops->sync(n->dev, e);
    s = s == CK_OK ? check(n, io, e) : s;
    n->settled = io->blocks ? n->settled : s == CK_OK;
    return s;
}

bool ck_network_planes(const ck_network *n, float **rgb, float **result)
{
    if (!n->dev->ops->host)
        return false;
    *rgb = ck_plan_placed(n->plan, &n->input).data;
    *result = n->refine ? ck_plan_placed(n->plan, &n->refined.final).data : NULL;
    return true;
}

void ck_network_size(const ck_network *n, int *h, int *w)
{
    *h = n->h;
    *w = n->w;
}

const ck_plan *ck_network_plan(const ck_network *n)
{
    return n->plan;
}

const char *ck_network_device(const ck_network *n)
{
    return n->dev->ops->name;
}

ck_nn_precision ck_network_precision(const ck_network *n)
{
    return n->dev->precision;
}

const char *ck_network_passed_over(const ck_network *n)
{
    return n->dev->passed_over.text;
}

bool ck_network_inside(ck_network *n, const char *name, ck_nn_tensor *shape, float *dst)
{
    const ck_nn_tensor *t = NULL;
    if (!strncmp(name, "map", 3) && name[3] >= '0' && name[3] < '0' + CK_ENCODER_STAGES && !name[4])
        t = &n->maps[name[3] - '0'];
    else if (!strcmp(name, "coarse"))
        t = &n->refined.coarse;
    else if (!strcmp(name, "delta"))
        t = &n->refined.delta;
    if (!t || !ck_nn_has(t) || t->type != CK_NN_F32)
        return false;
    *shape = *t;
    down(n, t, 0, t->c, dst);
    return true;
}
