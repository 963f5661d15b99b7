#include "checkpoint/pickle_globals.h"

#include <string.h>

#include "checkpoint/dtype.h"

/* Functions and classes that pickles of training runs call for plain data: numbers, times, paths, arrays.  Objects that
 * are made without a call (NEWOBJ), as those of most classes are, need no row.  A module without a name stands for all
 * of its names; names are separated by spaces. */
static const struct {
    const char *module, *names;
    ck_global what;
} rows[] = {
    {"collections", "OrderedDict", CK_GLOBAL_ORDERED},
    {"collections", "defaultdict", CK_GLOBAL_DEFAULT},
    {"torch", "Size", CK_GLOBAL_SIZE},
    {"torch._utils", "_rebuild_tensor_v2", CK_GLOBAL_TENSOR},
    {"torch._utils", "_rebuild_parameter _rebuild_parameter_with_state", CK_GLOBAL_PARAMETER},
    {"torch._tensor", "_rebuild_from_type_v2", CK_GLOBAL_FROM_TYPE},
    {"torch._utils",
     "_rebuild_tensor _rebuild_tensor_v3 _rebuild_qtensor _rebuild_sparse_tensor _rebuild_sparse_csr_tensor "
     "_rebuild_nested_tensor _rebuild_device_tensor_from_numpy _rebuild_device_tensor_from_cpu_tensor "
     "_rebuild_meta_tensor_no_storage _rebuild_wrapper_subclass",
     CK_GLOBAL_OTHER},
    {"torch", "device", CK_GLOBAL_SKIPPED},
    {"torch.serialization", "_get_layout", CK_GLOBAL_SKIPPED},
    {"argparse", "Namespace", CK_GLOBAL_SKIPPED},
    {"types", "SimpleNamespace", CK_GLOBAL_SKIPPED},
    {"pathlib", NULL, CK_GLOBAL_SKIPPED},
    {"pathlib._local", NULL, CK_GLOBAL_SKIPPED}, /* Python 3.13 */
    {"datetime", NULL, CK_GLOBAL_SKIPPED},
    {"decimal", "Decimal", CK_GLOBAL_SKIPPED},
    {"fractions", "Fraction", CK_GLOBAL_SKIPPED},
    {"uuid", "UUID SafeUUID", CK_GLOBAL_SKIPPED},
    {"collections", "deque Counter", CK_GLOBAL_SKIPPED},
    {"_codecs", "encode", CK_GLOBAL_SKIPPED}, /* bytes in protocol 2 */
    {"builtins", "set frozenset bytearray bytes complex slice range", CK_GLOBAL_SKIPPED},
    {"__builtin__", "set frozenset bytearray bytes complex slice range xrange", CK_GLOBAL_SKIPPED},
    {"numpy", "dtype ndarray", CK_GLOBAL_SKIPPED},
    {"numpy.core.multiarray", "scalar _reconstruct", CK_GLOBAL_SKIPPED},
    {"numpy._core.multiarray", "scalar _reconstruct", CK_GLOBAL_SKIPPED}, /* numpy 2 */
    {"numpy.core.numeric", "_frombuffer", CK_GLOBAL_SKIPPED},
    {"numpy._core.numeric", "_frombuffer", CK_GLOBAL_SKIPPED},
    {"numpy.random._pickle", NULL, CK_GLOBAL_SKIPPED},
    {"numpy.random.bit_generator", NULL, CK_GLOBAL_SKIPPED},
};

static int is(const char *s, size_t n, const char *word)
{
    return strlen(word) == n && !memcmp(s, word, n);
}

/* True if `name` is one of the words of `names`. */
static int among(const char *names, const char *name, size_t n)
{
    while (*names) {
        size_t k = strcspn(names, " ");
        if (k == n && !memcmp(names, name, n))
            return 1;
        names += k + (names[k] == ' ');
    }
    return 0;
}

int ck_global_by_name(const char *module, size_t module_n, const char *name, size_t name_n)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (is(module, module_n, rows[i].module) && (!rows[i].names || among(rows[i].names, name, name_n)))
            return (int)rows[i].what;
    if (is(module, module_n, "torch") && ck_dtype_by_storage(name, name_n) != CK_DTYPE_N)
        return CK_GLOBAL_STORAGE + (int)ck_dtype_by_storage(name, name_n);
    if (is(module, module_n, "torch.storage") && is(name, name_n, "UntypedStorage"))
        return CK_GLOBAL_STORAGE + CK_DTYPE_U8;
    return CK_GLOBAL_UNKNOWN;
}
