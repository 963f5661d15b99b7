#include "checkpoint/tensor.h"

#include <stdio.h>
#include <string.h>

#include "base/floats.h"
#include "base/mem.h"
#include "checkpoint/map.h"

/* Elements converted at a time. */
#define PIECE 1024

/* Called for a run of `n` elements, `step` bytes apart; false ends the walk. */
typedef bool (*run_fn)(void *ctx, const uint8_t *p, size_t step, size_t n);

/* Visit every element in row-major order. */
static void walk(const ck_tensor *t, run_fn run, void *ctx)
{
    size_t size = ck_dtype_size(t->dtype), at[CK_TENSOR_DIMS] = {0};
    int last = t->dims - 1;
    if (!t->count)
        return;
    if (t->contiguous) {
        run(ctx, t->data, size, t->count);
        return;
    }
    for (size_t off = 0;;) {
        if (!run(ctx, t->data + off, t->stride[last] * size, t->shape[last]))
            return;
        int d = last - 1;
        for (; d >= 0; d--) {
            off += t->stride[d] * size;
            if (++at[d] < t->shape[d])
                break;
            off -= t->stride[d] * size * t->shape[d];
            at[d] = 0;
        }
        if (d < 0)
            return;
    }
}

static void gather(void *restrict to, const uint8_t *restrict p, size_t step, size_t size, size_t n)
{
    uint8_t *out = to;
    if (step == size) {
        memcpy(out, p, n * size);
        return;
    }
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * size, p + i * step, size);
}

typedef struct copying {
    uint8_t *to;
    size_t size;
} copying;

static bool copy_run(void *ctx, const uint8_t *p, size_t step, size_t n)
{
    copying *c = ctx;
    gather(c->to, p, step, c->size, n);
    c->to += n * c->size;
    return true;
}

void ck_tensor_copy(const ck_tensor *t, void *out)
{
    copying c = {out, ck_dtype_size(t->dtype)};
    walk(t, copy_run, &c);
}

/* State of a conversion in pieces of at most PIECE elements, for ck_tensor_f32 and ck_tensor_finite. */
typedef struct converting {
    ck_dtype dtype;
    size_t done;
    size_t bad; /* ck_tensor_finite: index of the first bad piece, SIZE_MAX = none */
    float *to;  /* ck_tensor_f32: output */
} converting;

static bool convert_run(void *ctx, const uint8_t *p, size_t step, size_t n)
{
    converting *c = ctx;
    size_t size = ck_dtype_size(c->dtype);
    if (step == size) {
        ck_dtype_to_f32(p, c->dtype, c->to + c->done, n);
        c->done += n;
        return true;
    }
    double piece[PIECE]; /* double: the widest element */
    for (size_t at = 0; at < n; at += PIECE) {
        size_t k = n - at < PIECE ? n - at : PIECE;
        gather(piece, p + at * step, step, size, k);
        ck_dtype_to_f32(piece, c->dtype, c->to + c->done, k);
        c->done += k;
    }
    return true;
}

ck_status ck_tensor_intact(const ck_tensor *t, ck_error *e)
{
    return ck_map_cut(t->data) ? ck_fail(e, CK_ERR_IO, "tensor '%s': " CK_MAP_CUT_TEXT, t->name) : CK_OK;
}

ck_status ck_tensor_f32(const ck_tensor *t, float *out, ck_error *e)
{
    if (!ck_dtype_is_float(t->dtype))
        return ck_fail(e, CK_ERR_FORMAT, "tensor '%s' holds %s, not floating-point numbers", t->name,
                       ck_dtype_name(t->dtype));
    converting c = {.dtype = t->dtype, .to = out};
    walk(t, convert_run, &c);
    return ck_tensor_intact(t, e);
}

static bool finite_run(void *ctx, const uint8_t *p, size_t step, size_t n)
{
    converting *c = ctx;
    size_t size = ck_dtype_size(c->dtype);
    double raw[PIECE];
    float v[PIECE];
    for (size_t at = 0; at < n; at += PIECE) {
        size_t k = n - at < PIECE ? n - at : PIECE;
        gather(raw, p + at * step, step, size, k);
        ck_dtype_to_f32(raw, c->dtype, v, k);
        if (!ck_all_finite(v, k)) {
            size_t i = 0;
            while (ck_all_finite(v + i, 1))
                i++;
            c->bad = c->done + i;
            return false;
        }
        c->done += k;
    }
    return true;
}

bool ck_tensor_finite(const ck_tensor *t, size_t *bad)
{
    converting c = {.dtype = t->dtype, .bad = SIZE_MAX};
    walk(t, finite_run, &c);
    *bad = c.bad;
    return c.bad == SIZE_MAX;
}

bool ck_tensor_set_shape(ck_tensor *t, const uint64_t *shape, size_t dims)
{
    size_t count = 1, bytes;
    if (dims > CK_TENSOR_DIMS)
        return false;
    t->dims = (int)dims;
    for (size_t d = dims; d-- > 0;) {
        t->shape[d] = shape[d];
        t->stride[d] = count;
        if (!ck_mul(count, shape[d], &count))
            return false;
    }
    t->count = count;
    t->contiguous = true;
    return ck_mul(count, sizeof(double), &bytes);
}

bool ck_tensor_set_view(ck_tensor *t, const uint64_t *stride, uint64_t offset, const uint8_t *storage, uint64_t n)
{
    size_t last = offset, reach;
    t->contiguous = true;
    for (int d = 0; d < t->dims; d++) {
        /* The stride of an axis of length 1 has no meaning. */
        bool matters = t->count && t->shape[d] > 1;
        if (matters && (!ck_mul(t->shape[d] - 1, stride[d], &reach) || !ck_add(last, reach, &last)))
            return false;
        t->contiguous = t->contiguous && (!matters || stride[d] == t->stride[d]);
        t->stride[d] = matters ? stride[d] : 0;
    }
    if (t->count ? last >= n : offset > n)
        return false;
    t->data = storage + offset * ck_dtype_size(t->dtype);
    return true;
}

const char *ck_shape_text(const size_t *shape, int dims, char buf[static CK_SHAPE_TEXT])
{
    int n = snprintf(buf, CK_SHAPE_TEXT, "[");
    for (int d = 0; d < dims; d++)
        n += snprintf(buf + n, CK_SHAPE_TEXT - (size_t)n, "%s%zu", d ? ", " : "", shape[d]);
    snprintf(buf + n, CK_SHAPE_TEXT - (size_t)n, "]");
    return buf;
}
