/* A tensor of a checkpoint: a view into the mapped file. */
#ifndef CK_CHECKPOINT_TENSOR_H
#define CK_CHECKPOINT_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "checkpoint/dtype.h"

#define CK_TENSOR_DIMS 8
#define CK_SHAPE_TEXT 200 /* bytes for any shape as text */

typedef struct ck_tensor {
    const char *name;   /* without prefixes; UTF-8 without control characters; valid as long as the weights */
    const char *stored; /* the name in the file */
    ck_dtype dtype;
    int dims;                      /* 0 = a scalar */
    size_t shape[CK_TENSOR_DIMS];  /* outermost first; a side may be 0 */
    size_t stride[CK_TENSOR_DIMS]; /* in elements; 0 repeats an element */
    size_t count;                  /* product of shape; count * 8 fits in a size_t */
    bool contiguous;               /* row-major without gaps */
    const uint8_t *data;           /* element 0; little-endian, unaligned; all elements lie in the file */
} ck_tensor;

/* The elements as float32 in row-major order; `out` has room for t->count.  float64 is rounded to nearest.  Fails for
 * integers, and if the file has become shorter. */
ck_status ck_tensor_f32(const ck_tensor *t, float *out, ck_error *e);

/* The elements in row-major order, contiguous, in the tensor's own type.  `out` has room for count *
 * ck_dtype_size(dtype) bytes.  Call ck_tensor_intact afterwards. */
void ck_tensor_copy(const ck_tensor *t, void *out);

/* CK_ERR_IO if elements have been read that the file no longer has. */
ck_status ck_tensor_intact(const ck_tensor *t, ck_error *e);

/* True if every element of a float tensor is finite as float32; else *bad is the row-major index of one that is not. */
bool ck_tensor_finite(const ck_tensor *t, size_t *bad);

/* Set shape, row-major strides and count.  False for more than CK_TENSOR_DIMS axes, and on overflow. */
bool ck_tensor_set_shape(ck_tensor *t, const uint64_t *shape, size_t dims);

/* Set strides and data.  `storage` has `n` elements of the tensor's type; element 0 of the tensor is at `offset`.
 * False if an element would lie outside the storage. */
bool ck_tensor_set_view(ck_tensor *t, const uint64_t *stride, uint64_t offset, const uint8_t *storage, uint64_t n);

/* Format a shape as "[64, 7, 3, 3]" in `buf`; returns buf. */
const char *ck_shape_text(const size_t *shape, int dims, char buf[static CK_SHAPE_TEXT]);

#endif
