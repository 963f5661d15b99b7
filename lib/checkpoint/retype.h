/* Tensors in another float type. */
#ifndef CK_CHECKPOINT_RETYPE_H
#define CK_CHECKPOINT_RETYPE_H

#include "checkpoint/tensor.h"

/* The elements of a float tensor as F32, F16 or BF16, in row-major order; `out` has room for t->count of them.  Each is
 * the nearest number of that type, of two equally near ones the even one.  A finite element that would become infinite
 * is CK_ERR_UNSUPPORTED, which names the tensor; NaN and infinity stay. */
ck_status ck_tensor_retype(const ck_tensor *t, ck_dtype type, void *out, ck_error *e);

#endif
