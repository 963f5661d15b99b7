/* Devices at a precision, and the rounding of operands. */
#ifndef CK_TESTS_PRECISION_H
#define CK_TESTS_PRECISION_H

#include "checkpoint/dtype.h"
#include "nn_op.h"

/* The precision named "f32", …; ends the test for other names. */
static inline ck_nn_precision precision_of(const char *name)
{
    ck_nn_precision p;
    if (ck_nn_precision_named(name, &p) && p != CK_NN_PRECISION_AUTO)
        return p;
    printf("Bail out! no precision %s\n", name);
    exit(1);
}

/* Bits of a value's significand, the hidden one included. */
static inline int precision_bits(ck_nn_precision p)
{
    return p == CK_NN_PRECISION_F32 ? 24 : p == CK_NN_PRECISION_BF16 ? 8 : 11;
}

/* Largest relative error of one rounding; largest absolute error of one below all normal numbers. */
static inline double precision_unit(ck_nn_precision p)
{
    return ldexp(1, -precision_bits(p));
}

static inline double precision_tiny(ck_nn_precision p)
{
    return p == CK_NN_PRECISION_F16 ? ldexp(1, -25) : ldexp(1, -126 - precision_bits(p));
}

/* Round to nearest, ties to even, by arithmetic only: to a multiple of one ULP of v. */
static inline float precision_round(ck_nn_precision p, float v)
{
    int exponent;
    if (p == CK_NN_PRECISION_F32)
        return v;
    frexp((double)v, &exponent);
    double unit = fmax(ldexp(1, exponent - precision_bits(p)), 2 * precision_tiny(p));
    return (float)(rint((double)v / unit) * unit);
}

static inline op_tensor precision_map(ck_nn_precision p, const op_tensor *o)
{
    op_tensor r = op_map(o->t.h, o->t.w, o->t.c, o->t.ld - o->t.c);
    for (size_t i = 0; i < ck_nn_pixels(&o->t); i++)
        for (int c = 0; c < o->t.c; c++)
            *op_at(&r, i, c) = precision_round(p, *op_at(o, i, c));
    return r;
}

/* ---- 16-bit tensors: the values of `o`, rounded; and back ---- */

/* Type of activations at a precision. */
static inline ck_nn_type precision_act(ck_nn_precision p)
{
    return p == CK_NN_PRECISION_F16 ? CK_NN_F16 : p == CK_NN_PRECISION_BF16 ? CK_NN_BF16 : CK_NN_F32;
}

/* Code of a value that float16 holds exactly. */
static inline uint16_t precision_half(float v)
{
    int exponent;
    double m = frexp(fabs((double)v), &exponent);
    double bits = exponent < -13 ? ldexp(fabs((double)v), 24) : (exponent + 14) * 1024 + m * 2048 - 1024;
    return (uint16_t)((signbit(v) ? 0x8000 : 0) + (int)bits);
}

static inline op_tensor precision_typed(ck_nn_precision p, ck_nn_type type, const op_tensor *o)
{
    op_tensor r = op_new(type, false, o->t.h, o->t.w, o->t.c, o->t.ld - o->t.c);
    for (size_t i = 0; i < ck_nn_pixels(&o->t); i++)
        for (int c = 0; c < o->t.c; c++) {
            float v = precision_round(p, *op_at(o, i, c));
            size_t at = op_index(&r.t, i, c);
            uint32_t bits;
            memcpy(&bits, &v, sizeof bits);
            if (type == CK_NN_F32)
                ((float *)r.g.data)[at] = *op_at(o, i, c);
            else
                ((uint16_t *)r.g.data)[at] = type == CK_NN_F16 ? precision_half(v) : (uint16_t)(bits >> 16);
        }
    return r;
}

static inline void precision_untyped(const op_tensor *o, op_tensor *to)
{
    ck_dtype type = o->t.type == CK_NN_F16 ? CK_DTYPE_F16 : o->t.type == CK_NN_BF16 ? CK_DTYPE_BF16 : CK_DTYPE_F32;
    for (size_t i = 0; i < ck_nn_pixels(&o->t); i++)
        ck_dtype_to_f32((const char *)o->g.data + op_index(&o->t, i, 0) * ck_nn_type_size(o->t.type), type,
                        op_at(to, i, 0), (size_t)o->t.c);
}

/* Round and pack the weights; the bias is not rounded. */
static inline const ck_nn_weight *precision_pack(ck_nn *dev, ck_nn_precision p, const op_weight *w, bool absolute)
{
    op_weight copy = *w;
    copy.w = malloc(w->n * sizeof *w->w);
    for (size_t i = 0; i < w->n; i++)
        copy.w[i] = precision_round(p, w->w[i]);
    const ck_nn_weight *to = op_pack(dev, &copy, absolute);
    free(copy.w);
    return to;
}

static inline ck_nn *precision_open(const char *device, int threads, ck_nn_precision p)
{
    ck_error e;
    ck_nn *dev = op_open(device, threads);
    op_need(ck_nn_set_precision(dev, p, &e), &e);
    return dev;
}

#endif
