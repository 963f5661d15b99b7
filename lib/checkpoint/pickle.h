/* The part of Python's pickle, protocol 2, that a dict of tensors uses.  Nothing in it is ever run: the
 * opcodes build plain values, and the few globals below are names that the reader knows itself.
 *
 *     collections.OrderedDict              () -> an empty dict
 *     torch._utils._rebuild_tensor_v2      (storage, offset, shape, stride, requires_grad, hooks) -> a tensor
 *     torch.FloatStorage and its like      only inside ('storage', TYPE, KEY, LOCATION, COUNT), a storage
 *
 * Anything else fails with the opcode's or the global's name.  Source: the comments of
 * CPython's pickletools.py; torch/_utils.py for the arguments.
 *
 * Work and memory are bounded: one value per opcode, no recursion anywhere, and the limits below. */
#ifndef CK_CHECKPOINT_PICKLE_H
#define CK_CHECKPOINT_PICKLE_H

#include "checkpoint/tensor.h"

#define CK_PICKLE_MAX_BYTES (16u << 20)
#define CK_PICKLE_MAX_VALUES (1u << 20)     /* values, entries of the stack, and of the memo */
#define CK_PICKLE_MAX_DEPTH 64              /* containers in containers, and open marks */
#define CK_PICKLE_MAX_ELEMENTS (1ull << 31) /* of a tensor: strides of 0 could make any number out of nothing */

typedef enum ck_value_kind {
    CK_VALUE_NONE, /* and whole numbers of more than 64 bits */
    CK_VALUE_BOOL,
    CK_VALUE_INT,
    CK_VALUE_FLOAT,
    CK_VALUE_TEXT,
    CK_VALUE_TUPLE,
    CK_VALUE_LIST,
    CK_VALUE_DICT,
    CK_VALUE_GLOBAL,
    CK_VALUE_STORAGE,
    CK_VALUE_TENSOR
} ck_value_kind;

/* Values refer to each other by their index in ck_pickle.values; there may be cycles. */
typedef struct ck_value {
    ck_value_kind kind;
    int depth; /* of containers, itself included */
    union {
        bool b;
        int64_t i;
        double f;
        struct {
            const char *s; /* n bytes inside the pickle: UTF-8, no NUL at the end */
            size_t n;
        } text;
        struct {
            uint32_t *items; /* owned; of a dict: key, value, key, value … */
            uint32_t n;
            size_t cap;
        } seq;
        int global; /* pickle.c's */
        struct {
            ck_dtype dtype;
            uint64_t count;
            const uint8_t *data;
        } storage;
        ck_tensor *tensor; /* owned; without a name */
    } u;
} ck_value;

/* Finds a storage: `key` (n bytes) names it, `bytes` is the least it must hold; *data gets its first byte. */
typedef ck_status (*ck_storage_fn)(void *ctx, const char *key, size_t n, uint64_t bytes, const uint8_t **data,
                                   ck_error *e);

typedef struct ck_pickle {
    ck_value *values; /* owned */
    uint32_t n;
    size_t cap;
    uint32_t root; /* what the pickle is */
} ck_pickle;

/* `bytes` must outlive *p. */
ck_status ck_pickle_read(ck_pickle *p, const uint8_t *bytes, size_t n, ck_storage_fn storage, void *ctx, ck_error *e);
void ck_pickle_free(ck_pickle *p);

#endif
