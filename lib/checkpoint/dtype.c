#include "checkpoint/dtype.h"

#include <string.h>

#include "base/clones.h"
#include "base/floats.h"

static const struct {
    const char *name, *storage; /* NULL: not in that format */
    size_t size;
} types[CK_DTYPE_N] = {
    [CK_DTYPE_F64] = {"F64", "DoubleStorage", 8},
    [CK_DTYPE_F32] = {"F32", "FloatStorage", 4},
    [CK_DTYPE_F16] = {"F16", "HalfStorage", 2},
    [CK_DTYPE_BF16] = {"BF16", "BFloat16Storage", 2},
    [CK_DTYPE_I64] = {"I64", "LongStorage", 8},
    [CK_DTYPE_I32] = {"I32", "IntStorage", 4},
    [CK_DTYPE_I16] = {"I16", "ShortStorage", 2},
    [CK_DTYPE_I8] = {"I8", "CharStorage", 1},
    [CK_DTYPE_U64] = {"U64", NULL, 8},
    [CK_DTYPE_U32] = {"U32", NULL, 4},
    [CK_DTYPE_U16] = {"U16", NULL, 2},
    [CK_DTYPE_U8] = {"U8", "ByteStorage", 1},
    [CK_DTYPE_BOOL] = {"BOOL", "BoolStorage", 1},
};

const char *ck_dtype_name(ck_dtype t)
{
    return types[t].name;
}

size_t ck_dtype_size(ck_dtype t)
{
    return types[t].size;
}

bool ck_dtype_is_float(ck_dtype t)
{
    return t <= CK_DTYPE_BF16;
}

static bool same(const char *a, const char *b, size_t n)
{
    return a && strlen(a) == n && !memcmp(a, b, n);
}

ck_dtype ck_dtype_by_name(const char *name, size_t n)
{
    ck_dtype t = 0;
    while (t < CK_DTYPE_N && !same(types[t].name, name, n))
        t++;
    return t;
}

ck_dtype ck_dtype_by_storage(const char *name, size_t n)
{
    ck_dtype t = 0;
    while (t < CK_DTYPE_N && !same(types[t].storage, name, n))
        t++;
    return t;
}

CK_CLONES
static void bf16_to_f32(const uint16_t *restrict src, float *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t u = (uint32_t)src[i] << 16;
        memcpy(&dst[i], &u, sizeof u);
    }
}

CK_CLONES
static void f64_to_f32(const double *restrict src, float *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (float)src[i];
}

void ck_dtype_to_f32(const void *src, ck_dtype t, float *dst, size_t n)
{
    if (t == CK_DTYPE_F32) {
        memcpy(dst, src, n * sizeof *dst);
        return;
    }
    /* Copy to an aligned piece first; it stays in the L1 cache. */
    union {
        uint16_t h[1024];
        double d[1024];
    } piece;
    size_t size = types[t].size;
    for (size_t at = 0; at < n; at += 1024) {
        size_t k = n - at < 1024 ? n - at : 1024;
        memcpy(&piece, (const char *)src + at * size, k * size);
        if (t == CK_DTYPE_F16)
            ck_f16_to_f32(piece.h, dst + at, k);
        else if (t == CK_DTYPE_BF16)
            bf16_to_f32(piece.h, dst + at, k);
        else
            f64_to_f32(piece.d, dst + at, k);
    }
}
