/* The names of classes and functions in a pickle: what the reader makes of them. */
#ifndef CK_CHECKPOINT_PICKLE_GLOBALS_H
#define CK_CHECKPOINT_PICKLE_GLOBALS_H

#include <stddef.h>

typedef enum ck_global {
    CK_GLOBAL_UNKNOWN,   /* a call is refused */
    CK_GLOBAL_SKIPPED,   /* a call makes an object that is skipped */
    CK_GLOBAL_OTHER,     /* a call makes a tensor that is not read: quantised, sparse, and so on */
    CK_GLOBAL_ORDERED,   /* collections.OrderedDict */
    CK_GLOBAL_DEFAULT,   /* collections.defaultdict */
    CK_GLOBAL_SIZE,      /* torch.Size */
    CK_GLOBAL_TENSOR,    /* torch._utils._rebuild_tensor_v2 */
    CK_GLOBAL_PARAMETER, /* torch._utils._rebuild_parameter, _rebuild_parameter_with_state */
    CK_GLOBAL_FROM_TYPE, /* torch._tensor._rebuild_from_type_v2 */
    CK_GLOBAL_STORAGE    /* + a ck_dtype: a type of storage */
} ck_global;

int ck_global_by_name(const char *module, size_t module_n, const char *name, size_t name_n);

#endif
