/* Python's pickle, protocols 2 to 5, as far as torch.save uses it.  Nothing is ever executed.  Opcodes build plain
 * values; classes and functions are only names (pickle_globals.h).  The reader itself implements the few that make
 * dicts, storages and tensors:
 *
 *     collections.OrderedDict              () -> an empty dict
 *     collections.defaultdict              (anything) -> an empty dict
 *     torch._utils._rebuild_tensor_v2      (storage, offset, shape, stride, requires_grad, hooks) -> a tensor
 *     torch._utils._rebuild_parameter      (tensor, requires_grad, hooks[, state]) -> that tensor
 *     torch._tensor._rebuild_from_type_v2  (one of these two, type, its arguments, state) -> a tensor
 *     torch.Size                           (tuple) -> that tuple
 *     torch.FloatStorage and similar       only inside ('storage', TYPE, KEY, LOCATION, COUNT), a storage
 *
 * Objects of any other class (a path, a Namespace, an optimizer) become CK_VALUE_OBJECT, and their contents are
 * dropped. A call of a function that is not in the list of pickle_globals.c fails with its name, and so does any other
 * opcode. Sources: comments in CPython's pickletools.py; torch/_utils.py and torch/_tensor.py for the arguments.
 *
 * Work and memory are bounded: one value per opcode, no recursion, and the limits below. */
#ifndef CK_CHECKPOINT_PICKLE_H
#define CK_CHECKPOINT_PICKLE_H

#include "checkpoint/tensor.h"

#define CK_PICKLE_MAX_BYTES (16u << 20)
#define CK_PICKLE_MAX_VALUES (1u << 20)     /* values, stack entries, and memo entries */
#define CK_PICKLE_MAX_DEPTH 64              /* nesting of containers, and open marks */
#define CK_PICKLE_SHOWN 100                 /* bytes of a name in a message */
#define CK_PICKLE_MAX_ELEMENTS (1ull << 31) /* elements of a tensor: strides of 0 could make any number */

typedef enum ck_value_kind {
    CK_VALUE_NONE, /* also stands for integers of more than 64 bits */
    CK_VALUE_BOOL,
    CK_VALUE_INT,
    CK_VALUE_FLOAT,
    CK_VALUE_TEXT,
    CK_VALUE_TUPLE,
    CK_VALUE_LIST,
    CK_VALUE_DICT,
    CK_VALUE_GLOBAL, /* a class or function */
    CK_VALUE_OBJECT, /* an object that is skipped */
    CK_VALUE_STORAGE,
    CK_VALUE_TENSOR
} ck_value_kind;

/* Values refer to each other by index in ck_pickle.values.  Cycles are possible. */
typedef struct ck_value {
    ck_value_kind kind;
    int depth; /* nesting depth, itself included */
    union {
        bool b;
        int64_t i;
        double f;
        struct {
            const char *s; /* n bytes inside the pickle: UTF-8, not NUL-terminated */
            size_t n;
        } text;
        struct {
            uint32_t *items; /* owned; a dict has key, value, key, value, ... */
            uint32_t n;
            size_t cap;
        } seq;
        struct {
            const char *module, *name; /* inside the pickle or static; clean UTF-8, not NUL-terminated */
            uint8_t module_n, name_n;  /* bytes to show, at most CK_PICKLE_SHOWN */
            int what;                  /* a ck_global */
        } global;                      /* also of an object: its class, or the function that makes it */
        struct {
            ck_dtype dtype;
            uint64_t count;
            const uint8_t *data;
        } storage;
        ck_tensor *tensor; /* owned; without a name */
    } u;
} ck_value;

#define CK_GLOBAL_TEXT (2 * CK_PICKLE_SHOWN + 2)

/* Format the name of a global, or of an object's class, as "module.name" in `buf`; returns buf. */
const char *ck_global_text(const ck_value *v, char buf[static CK_GLOBAL_TEXT]);

/* Find the storage named `key` (n bytes), which must hold at least `bytes` bytes; *data gets its first byte. */
typedef ck_status (*ck_storage_fn)(void *ctx, const char *key, size_t n, uint64_t bytes, const uint8_t **data,
                                   ck_error *e);

typedef struct ck_pickle {
    ck_value *values; /* owned */
    uint32_t n;
    size_t cap;
    uint32_t root; /* index of the pickle's value */
} ck_pickle;

/* `bytes` must outlive *p. */
ck_status ck_pickle_read(ck_pickle *p, const uint8_t *bytes, size_t n, ck_storage_fn storage, void *ctx, ck_error *e);
void ck_pickle_free(ck_pickle *p);

#endif
