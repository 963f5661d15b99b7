#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "greenformer/fit.h"
#include "greenformer/input.h"
#include "greenformer/network_inside.h"

#define MAX_SIDE 16384 /* pixels of a frame's side */

static ck_status choose_size(ck_network *n, const ck_network_options *o, ck_error *e)
{
    n->h = o->h ? o->h : 4 * n->sizes.grid;
    n->w = o->w ? o->w : 4 * n->sizes.grid;
    if (n->h < 32 || n->w < 32 || n->h > MAX_SIDE || n->w > MAX_SIDE || n->h % 32 || n->w % 32)
        return ck_fail(e, CK_ERR_ARGUMENT, "inference size %dx%d: use multiples of 32 from 32 to %d", n->w, n->h,
                       MAX_SIDE);
    return CK_OK;
}

static ck_status make_lists(ck_network *n, ck_error *e)
{
    n->blocks =
        calloc((size_t)ck_nn_blocks(n->h) * (size_t)ck_nn_blocks(n->w) * (CK_REFINER_RINGS + 2), sizeof *n->blocks);
    return n->blocks ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a network");
}

/* Band height where memory matters most: both halves in one process on a host device. */
static int default_band(const ck_network *n, const ck_network_options *o)
{
    int rows = n->h / 8 / CK_NN_BLOCK * CK_NN_BLOCK;
    bool wanted = (n->infer || o->infers_apart) && n->refine && !o->sparse && n->dev->ops->host;
    return !wanted ? 0 : rows ? rows : CK_NN_BLOCK;
}

static void build(ck_network *n, const ck_weights *w, const ck_spec_rows *rows, const ck_network_options *o)
{
    int band = o->band ? o->band : default_band(n, o);
    band = band < n->h ? band : n->h;
    ck_parts b = {.weights = w,
                  .rows = rows,
                  .sizes = &n->sizes,
                  .dev = n->dev,
                  .plan = n->plan,
                  .h = n->h,
                  .w = n->w,
                  .where = o->sparse || band ? &n->where : NULL,
                  .sparse = o->sparse,
                  .band = band,
                  .keep = o->keep};
    for (int s = CK_ROUTE_FROM; s < CK_ENCODER_STAGES && n->route.on; s++)
        b.routed[s] = &n->route.rows[s];
    if (band)
        ck_nn_plan_bound(n->plan, o->memory, band);
    n->input = ck_nn_plan_planar(n->plan, n->infer ? 4 : 3, n->h, n->w);
    ck_nn_plan_input(n->plan, &n->input);
    if (n->infer) {
        ck_part_encoder(&b, &n->input, n->maps);
        n->logits = ck_part_decoders(&b, n->maps);
    } else {
        n->logits = ck_nn_plan_planar(n->plan, CK_LOGITS, n->h / CK_LOGIT_STRIDE, n->w / CK_LOGIT_STRIDE);
        ck_nn_plan_input(n->plan, &n->logits);
    }
    ck_nn_plan_output(n->plan, &n->logits); /* kept to the end: they are checked */
    if (n->refine) {
        ck_nn_tensor rgb = ck_nn_plan_view(&n->input, 0, 3);
        n->refined = ck_part_refiner(&b, &rgb, &n->logits, o->scale);
        ck_nn_plan_output(n->plan, &n->refined.final);
    }
    for (int i = 0; o->keep && i < CK_ENCODER_STAGES; i++)
        ck_nn_plan_output(n->plan, &n->maps[i]);
    if (o->keep && n->refine) {
        ck_nn_plan_output(n->plan, &n->refined.coarse);
        ck_nn_plan_output(n->plan, &n->refined.delta);
    }
}

/* After running out of memory: name nearly the largest size of the same shape that fits. */
static void say_what_fits(ck_network *n, bool tile, ck_error *e)
{
    const ck_nn_backend *b = n->dev->ops;
    double needed = (double)ck_nn_plan_bytes(n->plan);
    ck_nn_plan_free(n->plan);
    n->plan = NULL;
    double left = b->available ? CK_FIT_SHARE * (double)b->available(n->dev) : 0;
    int h = ck_fit_side(n->h, needed, left), w = ck_fit_side(n->w, needed, left);
    size_t at = strlen(e->text);
    if (h >= 32 && w >= 32 && needed > left && tile)
        snprintf(e->text + at, sizeof e->text - at, ": --split %d fits", h < w ? h : w);
    else if (h >= 32 && w >= 32 && needed > left)
        snprintf(e->text + at, sizeof e->text - at, ": --size %dx%d fits", w, h);
}

ck_status ck_network_open_on(ck_nn *dev, const ck_weights *w, const ck_sizes *z, const ck_network_options *o,
                             ck_network **out, ck_error *e)
{
    ck_network *n = calloc(1, sizeof *n);
    if (!n) {
        ck_nn_close(dev);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a network");
    }
    n->dev = dev;
    n->infer = o->infer;
    n->refine = o->refine;
    n->sizes = *z;
    pthread_mutex_init(&n->lock, NULL);
    pthread_mutex_init(&n->slot_lock, NULL);
    pthread_cond_init(&n->slot_free, NULL);
    ck_pins_open(&n->pins);
    ck_status st = choose_size(n, o, e);
    if (st == CK_OK && (o->band < 0 || o->band % CK_NN_BLOCK || (o->memory && !o->band)))
        st = ck_fail(e, CK_ERR_ARGUMENT, "bands of %d rows: use a multiple of %d", o->band, CK_NN_BLOCK);
    if (st == CK_OK && o->sparse)
        st = make_lists(n, e);
    if (st == CK_OK && o->infer && o->route)
        st = ck_route_open(&n->route, o->lo, o->hi, n->h, n->w, e);
    if (st == CK_OK)
        st = ck_nn_plan_new(n->dev, &n->plan, e);
    ck_spec_rows rows = {0};
    if (st == CK_OK)
        st = ck_spec_rows_new(&n->sizes, &rows, e);
    if (st == CK_OK) {
        build(n, w, &rows, o);
        st = o->dry ? ck_nn_plan_measure(n->plan, e) : ck_nn_plan_finish(n->plan, e);
        if (st == CK_ERR_MEMORY)
            say_what_fits(n, o->tile, e);
    }
    ck_spec_rows_free(&rows);
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
    ck_nn_plan_free(n->plan);
    ck_pins_close(&n->pins, n->dev);
    ck_network_free_axes(n);
    ck_nn_close(n->dev);
    pthread_mutex_destroy(&n->lock);
    pthread_mutex_destroy(&n->slot_lock);
    pthread_cond_destroy(&n->slot_free);
    ck_route_close(&n->route);
    free(n->blocks);
    free(n);
}

void ck_network_size(const ck_network *n, int *h, int *w)
{
    *h = n->h;
    *w = n->w;
}

const ck_nn_plan *ck_network_plan(const ck_network *n)
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

const char *ck_network_distrusted(const ck_network *n)
{
    return n->dev->distrusted.text;
}

void ck_network_pins(ck_network *n, int *pinned, int *refused)
{
    ck_pins_count(&n->pins, pinned, refused);
}

const char *ck_network_unrecorded(const ck_network *n)
{
    return n->dev->unrecorded.text;
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
    ck_nn_tensor placed = ck_nn_plan_placed(n->plan, t);
    if (dst)
        n->dev->ops->download(n->dev, &placed, dst);
    return true;
}
