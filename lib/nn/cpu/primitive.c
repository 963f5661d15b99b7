#include "nn/cpu/primitive.h"

#include <omp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/cpu/dnnl_compat.h"

#define TYPICAL_ROWS 64 /* rows of the product that decides the layout of weights */

struct ck_cpu_dnnl {
    dnnl_engine_t engine;
    int threads;
    dnnl_stream_t streams[]; /* [threads] */
};

struct ck_cpu_packed {
    int out, in;
    dnnl_data_type_t type; /* of weights and x; the bias is f32 */
    dnnl_memory_t weights, bias;
};

struct ck_cpu_primitive {
    const ck_cpu_packed *w;
    dnnl_primitive_t run;
    ck_cpu_layout_view x, bias, y, scratch; /* of `run` */
};

static ck_status status(dnnl_status_t s, const char *what, ck_error *e)
{
    if (s == dnnl_success)
        return CK_OK;
    if (s == dnnl_out_of_memory)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for %s", what);
    return ck_fail(e, CK_ERR_UNSUPPORTED, "oneDNN cannot do %s here (its status %d): use --device ref", what, (int)s);
}

/* oneDNN must not start threads; OpenMP keeps this setting per thread. */
static void one_thread(void)
{
    omp_set_num_threads(1);
}

ck_status ck_cpu_dnnl_open(int threads, ck_cpu_dnnl **out, ck_error *e)
{
    ck_cpu_dnnl *d = *out = calloc(1, sizeof *d + (size_t)threads * sizeof d->streams[0]);
    if (!d)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for %d threads", threads);
    one_thread();
    d->threads = threads;
    dnnl_status_t s = dnnl_engine_create(&d->engine, dnnl_cpu, 0);
    for (int i = 0; i < threads && s == dnnl_success; i++)
        s = dnnl_stream_create(&d->streams[i], d->engine, dnnl_stream_default_flags);
    return status(s, "anything", e);
}

void ck_cpu_dnnl_free(ck_cpu_dnnl *d)
{
    if (!d)
        return;
    for (int i = 0; i < d->threads; i++)
        if (d->streams[i])
            dnnl_stream_destroy(d->streams[i]);
    if (d->engine)
        dnnl_engine_destroy(d->engine);
    free(d);
}

/* ---- descriptors ---- */

typedef struct layouts { /* of one operation's tensors; owned */
    ck_cpu_layout x, w, bias, y;
} layouts;

static void free_layouts(layouts *l)
{
    ck_cpu_layout_free(l->x);
    ck_cpu_layout_free(l->w);
    ck_cpu_layout_free(l->bias);
    ck_cpu_layout_free(l->y);
}

/* Post-operations: GELU, addition to y.  The caller provides scratch. */
static dnnl_status_t new_attr(bool gelu, bool add, dnnl_primitive_attr_t *to)
{
    dnnl_post_ops_t post = NULL;
    dnnl_status_t s = dnnl_primitive_attr_create(to);
    if (s != dnnl_success)
        return s;
    s = dnnl_post_ops_create(&post);
    if (s == dnnl_success && gelu)
        s = ck_cpu_append_gelu(post);
    if (s == dnnl_success && add)
        s = ck_cpu_append_sum(post);
    if (s == dnnl_success)
        s = dnnl_primitive_attr_set_post_ops(*to, post);
    if (s == dnnl_success)
        s = dnnl_primitive_attr_set_scratchpad_mode(*to, dnnl_scratchpad_mode_user);
    if (post)
        dnnl_post_ops_destroy(post);
    return s;
}

/* A row-major matrix with stride ld. */
static dnnl_status_t matrix(ck_cpu_layout *l, dnnl_data_type_t type, int rows, int columns, int ld)
{
    dnnl_dims_t dims = {rows, columns}, strides = {ld, 1};
    return ck_cpu_layout_by_strides(l, 2, type, dims, strides);
}

static dnnl_data_type_t type_of(bool bf16)
{
    return bf16 ? dnnl_bf16 : dnnl_f32;
}

/* Describe a product with weights of p's size in the layout `packed`; NULL: in the one that oneDNN prefers. */
static dnnl_status_t describe_linear(dnnl_engine_t engine, const ck_cpu_packed *p, const ck_cpu_linear_shape *s,
                                     ck_cpu_layout_view packed, ck_cpu_descriptor *to)
{
    layouts l = {0};
    dnnl_primitive_attr_t attr = NULL;
    dnnl_dims_t dims = {p->in, p->out};
    dnnl_status_t st = matrix(&l.x, p->type, s->rows, p->in, s->ldx);
    if (st == dnnl_success)
        st = matrix(&l.y, type_of(s->bf16_y), s->rows, p->out, s->ldy);
    if (st == dnnl_success)
        st = matrix(&l.bias, dnnl_f32, 1, p->out, p->out);
    if (st == dnnl_success)
        st = ck_cpu_layout_by_tag(&l.w, 2, p->type, dims, dnnl_format_tag_any);
    if (st == dnnl_success)
        st = new_attr(s->gelu, s->add, &attr);
    if (st == dnnl_success)
        st = ck_cpu_describe_matmul(engine, l.x, packed ? packed : l.w, l.bias, l.y, attr, to);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    free_layouts(&l);
    return st;
}

/* ---- weights ---- */

/* oneDNN takes inputs as void * too, and does not write to them. */
static dnnl_status_t wrap_input(dnnl_memory_t *to, ck_cpu_layout_view l, dnnl_engine_t engine, const void *p)
{
    return dnnl_memory_create(to, l, engine, (void *)(uintptr_t)p);
}

static dnnl_status_t reorder(ck_cpu_dnnl *d, dnnl_memory_t from, dnnl_memory_t to)
{
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t p;
    ck_cpu_layout_view a, b;
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

/* Copy weights in the layout `given`, and bias, to the layouts of `pd`. */
static dnnl_status_t place(ck_cpu_dnnl *d, ck_cpu_descriptor pd, ck_cpu_layout_view given, const float *weights,
                           const float *bias, ck_cpu_packed *p)
{
    dnnl_memory_t from = NULL;
    void *to;
    dnnl_status_t s = dnnl_memory_create(&p->weights, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0),
                                         d->engine, DNNL_MEMORY_ALLOCATE);
    if (s == dnnl_success)
        s = wrap_input(&from, given, d->engine, weights);
    if (s == dnnl_success)
        s = reorder(d, from, p->weights);
    if (from)
        dnnl_memory_destroy(from);
    if (s == dnnl_success)
        s = dnnl_memory_create(&p->bias, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 1), d->engine,
                               DNNL_MEMORY_ALLOCATE);
    if (s == dnnl_success)
        s = dnnl_memory_get_data_handle(p->bias, &to);
    if (s != dnnl_success)
        return s;
    if (bias)
        memcpy(to, bias, (size_t)p->out * sizeof *bias);
    else
        memset(to, 0, (size_t)p->out * sizeof *bias);
    return s;
}

static ck_cpu_packed *new_packed(int out, int in, bool bf16)
{
    ck_cpu_packed *p = calloc(1, sizeof *p);
    if (p)
        *p = (ck_cpu_packed){.out = out, .in = in, .type = type_of(bf16)};
    return p;
}

/* Free pd and given; either may be NULL if s is a failure, which frees p. */
static ck_status finish_packing(ck_cpu_dnnl *d, dnnl_status_t s, ck_cpu_descriptor pd, ck_cpu_layout given,
                                const float *weights, const float *bias, ck_cpu_packed *p, ck_cpu_packed **to,
                                ck_error *e)
{
    *to = p;
    if (s == dnnl_success)
        s = place(d, pd, given, weights, bias, p);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    ck_cpu_layout_free(given);
    if (s == dnnl_success)
        return CK_OK;
    ck_cpu_packed_free(p);
    *to = NULL;
    return status(s, "the network's weights", e);
}

ck_status ck_cpu_packed_linear(ck_cpu_dnnl *d, int out, int in, bool bf16, const float *weights, const float *bias,
                               ck_cpu_packed **to, ck_error *e)
{
    ck_cpu_linear_shape typical = {.rows = TYPICAL_ROWS, .ldx = in, .ldy = out, .bf16_y = bf16};
    ck_cpu_packed *p = new_packed(out, in, bf16);
    dnnl_dims_t dims = {in, out}, transposed = {1, in};
    ck_cpu_descriptor pd = NULL;
    ck_cpu_layout given = NULL;
    one_thread();
    dnnl_status_t s = p ? describe_linear(d->engine, p, &typical, NULL, &pd) : dnnl_out_of_memory;
    if (s == dnnl_success)
        s = ck_cpu_layout_by_strides(&given, 2, dnnl_f32, dims, transposed);
    return finish_packing(d, s, pd, given, weights, bias, p, to, e);
}

void ck_cpu_packed_free(ck_cpu_packed *p)
{
    if (!p)
        return;
    if (p->weights)
        dnnl_memory_destroy(p->weights);
    if (p->bias)
        dnnl_memory_destroy(p->bias);
    free(p);
}

/* ---- primitives ---- */

static dnnl_status_t fill(ck_cpu_primitive *p, ck_cpu_descriptor pd)
{
    ck_cpu_descriptor_view own;
    dnnl_status_t s = dnnl_primitive_create(&p->run, pd);
    if (s == dnnl_success)
        s = dnnl_primitive_get_primitive_desc(p->run, &own);
    if (s != dnnl_success)
        return s;
    p->x = dnnl_primitive_desc_query_md(own, dnnl_query_src_md, 0);
    p->bias = dnnl_primitive_desc_query_md(own, dnnl_query_weights_md, 1);
    p->y = dnnl_primitive_desc_query_md(own, dnnl_query_dst_md, 0);
    p->scratch = dnnl_primitive_desc_query_md(own, dnnl_query_scratchpad_md, 0);
    return s;
}

/* Make a primitive; frees pd. */
static dnnl_status_t new_primitive(const ck_cpu_packed *w, ck_cpu_descriptor pd, ck_cpu_primitive **to)
{
    ck_cpu_primitive *p = *to = calloc(1, sizeof *p);
    dnnl_status_t s = dnnl_out_of_memory;
    if (p) {
        p->w = w;
        s = fill(p, pd);
    }
    dnnl_primitive_desc_destroy(pd);
    if (s != dnnl_success) {
        ck_cpu_primitive_free(p);
        *to = NULL;
    }
    return s;
}

static dnnl_status_t layout_of(const ck_cpu_packed *w, ck_cpu_layout_view *l)
{
    return dnnl_memory_get_memory_desc(w->weights, l);
}

ck_status ck_cpu_primitive_linear(ck_cpu_dnnl *d, const ck_cpu_packed *w, const ck_cpu_linear_shape *s,
                                  ck_cpu_primitive **to, ck_error *e)
{
    ck_cpu_layout_view packed;
    ck_cpu_descriptor pd;
    one_thread();
    dnnl_status_t st = layout_of(w, &packed);
    if (st == dnnl_success)
        st = describe_linear(d->engine, w, s, packed, &pd);
    if (st == dnnl_success)
        st = new_primitive(w, pd, to);
    return status(st, "a matrix product", e);
}

size_t ck_cpu_primitive_scratch(const ck_cpu_primitive *p)
{
    return ck_pad(dnnl_memory_desc_get_size(p->scratch));
}

ck_status ck_cpu_primitive_run(ck_cpu_dnnl *d, const ck_cpu_primitive *p, const void *x, const float *bias, void *y,
                               void *scratch, int who, ck_error *e)
{
    dnnl_memory_t mx = NULL, mb = NULL, my = NULL, ms = NULL;
    one_thread();
    dnnl_status_t s = wrap_input(&mx, p->x, d->engine, x);
    if (s == dnnl_success && bias)
        s = wrap_input(&mb, p->bias, d->engine, bias);
    if (s == dnnl_success)
        s = dnnl_memory_create(&my, p->y, d->engine, y);
    if (s == dnnl_success)
        s = dnnl_memory_create(&ms, p->scratch, d->engine, scratch);
    if (s == dnnl_success) {
        dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, mx},
                                  {DNNL_ARG_WEIGHTS, p->w->weights},
                                  {DNNL_ARG_BIAS, bias ? mb : p->w->bias},
                                  {DNNL_ARG_DST, my},
                                  {DNNL_ARG_SCRATCHPAD, ms}};
        s = dnnl_primitive_execute(p->run, d->streams[who], 5, args);
    }
    dnnl_memory_destroy(mx);
    dnnl_memory_destroy(mb);
    dnnl_memory_destroy(my);
    dnnl_memory_destroy(ms);
    return status(s, "a step of the network", e);
}

void ck_cpu_primitive_free(ck_cpu_primitive *p)
{
    if (!p)
        return;
    if (p->run)
        dnnl_primitive_destroy(p->run);
    free(p);
}
