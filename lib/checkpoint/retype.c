#include "checkpoint/retype.h"

#include <math.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/floats.h"

static uint16_t bf16_of(float f)
{
    uint32_t u = ck_float_bits(f);
    if ((u & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)(u >> 16 | 0x40u); /* NaN: quiet, so that its upper half is not infinity */
    return (uint16_t)((u + 0x7fffu + (u >> 16 & 1)) >> 16);
}

/* The nearest number with `bits` bits, the last at least 2^least.  The result fits in a float, so that a conversion
 * through float does not round twice. */
static double nearest(double x, int bits, int least)
{
    int e;
    if (x == 0 || !isfinite(x))
        return x;
    frexp(x, &e);
    int last = e - bits > least ? e - bits : least;
    return ldexp(nearbyint(ldexp(x, -last)), last);
}

static float float_of(double x, ck_dtype type)
{
    return (float)(type == CK_DTYPE_F16 ? nearest(x, 11, -24) : type == CK_DTYPE_BF16 ? nearest(x, 8, -133) : x);
}

static void narrow(const float *from, ck_dtype type, void *out, size_t n)
{
    uint16_t *h = out;
    if (type == CK_DTYPE_F16)
        ck_f32_to_f16(from, h, n);
    for (size_t i = 0; type == CK_DTYPE_BF16 && i < n; i++)
        h[i] = bf16_of(from[i]);
}

static bool infinite(const void *out, ck_dtype type, size_t i)
{
    if (type == CK_DTYPE_F32)
        return isinf(((const float *)out)[i]);
    return (((const uint16_t *)out)[i] & 0x7fffu) == (type == CK_DTYPE_F16 ? 0x7c00u : 0x7f80u);
}

/* value: of the tensor's element i, as double. */
static ck_status check(const ck_tensor *t, ck_dtype type, const void *out, double (*value)(const void *, size_t),
                       const void *from, ck_error *e)
{
    for (size_t i = 0; i < t->count; i++)
        if (infinite(out, type, i) && isfinite(value(from, i)))
            return ck_fail(e, CK_ERR_UNSUPPORTED,
                           "tensor '%s': element %zu is %g, beyond the range of %s: choose another --type", t->name, i,
                           value(from, i), ck_dtype_name(type));
    return CK_OK;
}

static double of_double(const void *from, size_t i)
{
    return ((const double *)from)[i];
}

static double of_float(const void *from, size_t i)
{
    return (double)((const float *)from)[i];
}

/* From float64: rounded once, to `type`. */
static ck_status from_double(const ck_tensor *t, ck_dtype type, float *f, void *out, ck_error *e)
{
    double *d = malloc(t->count * sizeof *d + 1);
    if (!d)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for tensor '%s'", t->name);
    ck_tensor_copy(t, d);
    for (size_t i = 0; i < t->count; i++)
        f[i] = float_of(d[i], type);
    narrow(f, type, out, t->count);
    ck_status s = check(t, type, out, of_double, d, e);
    free(d);
    return s;
}

ck_status ck_tensor_retype(const ck_tensor *t, ck_dtype type, void *out, ck_error *e)
{
    float *own = type == CK_DTYPE_F32 ? NULL : malloc(t->count * sizeof *own + 1), *f = own ? own : out;
    if (type != CK_DTYPE_F32 && !own)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for tensor '%s'", t->name);
    ck_status s;
    if (t->dtype == CK_DTYPE_F64) {
        s = from_double(t, type, f, out, e);
        if (s == CK_OK)
            s = ck_tensor_intact(t, e);
    } else {
        s = ck_tensor_f32(t, f, e);
        if (s == CK_OK)
            narrow(f, type, out, t->count);
        if (s == CK_OK)
            s = check(t, type, out, of_float, f, e);
    }
    free(own);
    return s;
}
