/* Element types of checkpoints. */
#ifndef CK_CHECKPOINT_DTYPE_H
#define CK_CHECKPOINT_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ck_dtype {
    CK_DTYPE_F64,
    CK_DTYPE_F32,
    CK_DTYPE_F16,
    CK_DTYPE_BF16,
    CK_DTYPE_I64,
    CK_DTYPE_I32,
    CK_DTYPE_I16,
    CK_DTYPE_I8,
    CK_DTYPE_U64,
    CK_DTYPE_U32,
    CK_DTYPE_U16,
    CK_DTYPE_U8,
    CK_DTYPE_BOOL,
    CK_DTYPE_N /* number of types; also "no such type" */
} ck_dtype;

const char *ck_dtype_name(ck_dtype t); /* spelling of .safetensors: "F32" */
size_t ck_dtype_size(ck_dtype t);      /* bytes */
bool ck_dtype_is_float(ck_dtype t);
/* Look up the spelling of either file format, n bytes long.  CK_DTYPE_N if unknown. */
ck_dtype ck_dtype_by_name(const char *name, size_t n);    /* "BF16" */
ck_dtype ck_dtype_by_storage(const char *name, size_t n); /* "BFloat16Storage" */

/* Convert n contiguous elements of a float type, unaligned, to float32. */
void ck_dtype_to_f32(const void *src, ck_dtype t, float *dst, size_t n);

#endif
