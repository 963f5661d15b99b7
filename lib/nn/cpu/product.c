/* Matrix products through oneDNN, one tile of rows on one thread at a time.
 *
 * Weights are reordered once into the blocks that oneDNN likes.  oneDNN 2.6 is fast only where rows lie without gaps,
 * in x and in y, so outputs are not shared out; the network's products are all of that kind. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/cpu/cpu.h"

#define TYPICAL 64 /* rows for which the weights' layout is chosen */

typedef struct shape { /* of a tile */
    dnnl_primitive_t run;
    dnnl_memory_desc_t x, y, scratch;
} shape;

struct cpu_product {
    cpu_prepared base;
    const ck_nn_weight *w;
    int tiles;
    shape whole, last; /* last is empty if the rows are a multiple of the tile */
    size_t scratch;
};

/* Row-major with rows `ld` apart. */
static dnnl_memory_desc_t matrix(size_t rows, size_t columns, size_t ld)
{
    dnnl_memory_desc_t d;
    dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)columns}, strides = {(dnnl_dim_t)ld, 1};
    dnnl_memory_desc_init_by_strides(&d, 2, dims, dnnl_f32, strides);
    return d;
}

/* `to` gets a primitive descriptor of x [rows][in] w + bias = y [rows][out]. */
static dnnl_status_t describe(cpu_device *d, const dnnl_memory_desc_t *x, const dnnl_memory_desc_t *w, int out,
                              const dnnl_memory_desc_t *y, bool gelu, bool add, dnnl_primitive_desc_t *to)
{
    dnnl_memory_desc_t bias = matrix(1, (size_t)out, (size_t)out);
    dnnl_matmul_desc_t op;
    dnnl_primitive_attr_t attr;
    dnnl_post_ops_t post;
    dnnl_status_t s = dnnl_matmul_desc_init(&op, x, w, &bias, y);
    if (s != dnnl_success || (s = dnnl_primitive_attr_create(&attr)) != dnnl_success)
        return s;
    s = dnnl_post_ops_create(&post);
    if (s == dnnl_success) {
        if (gelu)
            s = dnnl_post_ops_append_eltwise(post, 1, dnnl_eltwise_gelu_erf, 0, 0);
        if (s == dnnl_success && add)
            s = dnnl_post_ops_append_sum(post, 1);
        if (s == dnnl_success)
            s = dnnl_primitive_attr_set_post_ops(attr, post);
        if (s == dnnl_success)
            s = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
        if (s == dnnl_success)
            s = dnnl_primitive_desc_create(to, &op, attr, d->engine, NULL);
        dnnl_post_ops_destroy(post);
    }
    dnnl_primitive_attr_destroy(attr);
    return s;
}

/* ---- weights ---- */

dnnl_status_t cpu_reorder(cpu_device *d, dnnl_memory_t from, dnnl_memory_t to)
{
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t p;
    const dnnl_memory_desc_t *a, *b;
    dnnl_memory_get_memory_desc(from, &a);
    dnnl_memory_get_memory_desc(to, &b);
    dnnl_status_t s = dnnl_reorder_primitive_desc_create(&pd, a, d->engine, b, d->engine, NULL);
    if (s != dnnl_success)
        return s;
    s = dnnl_primitive_create(&p, pd);
    if (s == dnnl_success) {
        dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
        s = dnnl_primitive_execute(p, d->streams[0], 2, args);
        dnnl_primitive_destroy(p);
    }
    dnnl_primitive_desc_destroy(pd);
    return s;
}

static dnnl_status_t place(cpu_device *d, ck_nn_weight *w, const float *values, const float *bias)
{
    size_t in = (size_t)w->in, out = (size_t)w->out;
    dnnl_memory_desc_t x = matrix(TYPICAL, in, in), y = matrix(TYPICAL, out, out), b = matrix(1, out, out), any, given;
    dnnl_dims_t dims = {w->in, w->out}, transposed = {1, w->in};
    dnnl_memory_desc_init_by_tag(&any, 2, dims, dnnl_f32, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_strides(&given, 2, dims, dnnl_f32, transposed);
    dnnl_primitive_desc_t pd;
    dnnl_memory_t from = NULL;
    void *to;
    dnnl_status_t s = describe(d, &x, &any, w->out, &y, false, false, &pd);
    if (s != dnnl_success)
        return s;
    s = dnnl_memory_create(&w->product, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0), d->engine,
                           DNNL_MEMORY_ALLOCATE);
    dnnl_primitive_desc_destroy(pd);
    if (s == dnnl_success)
        s = dnnl_memory_create(&from, &given, d->engine, (void *)values);
    if (s == dnnl_success)
        s = cpu_reorder(d, from, w->product);
    dnnl_memory_destroy(from);
    if (s == dnnl_success)
        s = dnnl_memory_create(&w->product_bias, &b, d->engine, DNNL_MEMORY_ALLOCATE);
    if (s != dnnl_success)
        return s;
    dnnl_memory_get_data_handle(w->product_bias, &to);
    if (bias)
        memcpy(to, bias, out * sizeof *bias);
    else
        memset(to, 0, out * sizeof *bias);
    return dnnl_success;
}

ck_status cpu_pack_linear(cpu_device *d, ck_nn_weight *w, const float *values, const float *bias, ck_error *e)
{
    return cpu_dnnl(place(d, w, values, bias), "weights of a matrix product", e);
}

/* ---- products ---- */

static dnnl_status_t new_shape(cpu_device *d, const cpu_product_shape *s, int rows, shape *to)
{
    const dnnl_memory_desc_t *w;
    dnnl_primitive_desc_t pd;
    to->x = matrix((size_t)rows, (size_t)s->w->in, (size_t)s->ldx);
    to->y = matrix((size_t)rows, (size_t)s->w->out, (size_t)s->ldy);
    dnnl_memory_get_memory_desc(s->w->product, &w);
    dnnl_status_t st = describe(d, &to->x, w, s->w->out, &to->y, s->gelu, s->add, &pd);
    if (st != dnnl_success)
        return st;
    to->scratch = *dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    st = dnnl_primitive_create(&to->run, pd);
    dnnl_primitive_desc_destroy(pd);
    return st;
}

static void release(cpu_prepared *base)
{
    cpu_product *p = (cpu_product *)base;
    if (p->whole.run)
        dnnl_primitive_destroy(p->whole.run);
    if (p->last.run)
        dnnl_primitive_destroy(p->last.run);
    free(p);
}

ck_status cpu_product_new(cpu_device *d, const cpu_product_shape *s, cpu_product **out, ck_error *e)
{
    cpu_product *p = calloc(1, sizeof *p);
    if (!p)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a matrix product");
    int rest = (int)(s->rows % (size_t)s->tile);
    p->base = (cpu_prepared){release, d->prepared};
    d->prepared = &p->base;
    p->w = s->w;
    p->tiles = (int)(s->rows / (size_t)s->tile) + (rest > 0);
    dnnl_status_t st = new_shape(d, s, s->tile, &p->whole);
    if (st == dnnl_success && rest > 0)
        st = new_shape(d, s, rest, &p->last);
    if (st != dnnl_success)
        return cpu_dnnl(st, "a matrix product", e);
    size_t a = dnnl_memory_desc_get_size(&p->whole.scratch), b = rest ? dnnl_memory_desc_get_size(&p->last.scratch) : 0;
    p->scratch = ck_pad(a > b ? a : b);
    *out = p;
    return CK_OK;
}

size_t cpu_product_scratch(const cpu_product *p)
{
    return p->scratch;
}

int cpu_product_tiles(const cpu_product *p)
{
    return p->tiles;
}

void cpu_product_run(cpu_device *d, const cpu_product *p, int tile, const float *x, float *y, void *scratch, int who)
{
    const shape *q = p->last.run && tile == p->tiles - 1 ? &p->last : &p->whole;
    dnnl_memory_t mx = NULL, my = NULL, ms = NULL;
    dnnl_status_t s = dnnl_memory_create(&mx, &q->x, d->engine, (void *)x);
    if (s == dnnl_success)
        s = dnnl_memory_create(&my, &q->y, d->engine, y);
    if (s == dnnl_success)
        s = dnnl_memory_create(&ms, &q->scratch, d->engine, scratch);
    if (s == dnnl_success) {
        dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, mx},
                                  {DNNL_ARG_WEIGHTS, p->w->product},
                                  {DNNL_ARG_BIAS, p->w->product_bias},
                                  {DNNL_ARG_DST, my},
                                  {DNNL_ARG_SCRATCHPAD, ms}};
        s = dnnl_primitive_execute(q->run, d->streams[who], 5, args);
    }
    dnnl_memory_destroy(mx);
    dnnl_memory_destroy(my);
    dnnl_memory_destroy(ms);
    if (s != dnnl_success) {
        ck_error e;
        cpu_fail(d, cpu_dnnl(s, "a matrix product", &e), &e);
    }
}
