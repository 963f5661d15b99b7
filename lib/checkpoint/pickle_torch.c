#include <stdlib.h>
#include <string.h>

#include "checkpoint/pickle_vm.h"

/* Values of ck_value.u.global: one of these, or STORAGE + a ck_dtype. */
enum { ORDERED_DICT, REBUILD_TENSOR, STORAGE };

/* Read the next line, without its newline. */
static bool line(ck_vm *m, const char **s, size_t *n)
{
    const uint8_t *p = m->bytes + m->next, *end = memchr(p, '\n', m->size - m->next);
    if (!end)
        return false;
    *s = (const char *)p;
    *n = (size_t)(end - p);
    m->next += *n + 1;
    return true;
}

static bool is(const char *s, size_t n, const char *word)
{
    return strlen(word) == n && !memcmp(s, word, n);
}

ck_status ck_vm_global(ck_vm *m, ck_error *e)
{
    const char *module, *name;
    size_t module_n, name_n;
    if (!line(m, &module, &module_n) || !line(m, &name, &name_n))
        return ck_vm_fail(m, e, "unterminated global");
    int global = -1;
    if (is(module, module_n, "collections") && is(name, name_n, "OrderedDict"))
        global = ORDERED_DICT;
    else if (is(module, module_n, "torch._utils") && is(name, name_n, "_rebuild_tensor_v2"))
        global = REBUILD_TENSOR;
    else if (is(module, module_n, "torch") && ck_dtype_by_storage(name, name_n) != CK_DTYPE_N)
        global = STORAGE + (int)ck_dtype_by_storage(name, name_n);
    if (global < 0)
        return ck_fail(
            e, CK_ERR_FORMAT,
            "pickle, byte %zu: global '%.*s.%.*s' is refused: only dicts of tensors are read, and no code is run",
            m->at, (int)(module_n < 100 ? module_n : 100), module, (int)(name_n < 100 ? name_n : 100), name);
    return ck_vm_push(m, (ck_value){.kind = CK_VALUE_GLOBAL, .u.global = global}, e);
}

/* Item i of a tuple. */
static const ck_value *item(const ck_vm *m, const ck_value *tuple, uint32_t i)
{
    return ck_vm_value(m, tuple->u.seq.items[i]);
}

static bool is_count(const ck_value *v)
{
    return v->kind == CK_VALUE_INT && v->u.i >= 0;
}

/* Read a tuple of numbers >= 0.  Returns their count; -1 if it is not such a tuple, or too long. */
static int counts(const ck_vm *m, const ck_value *tuple, uint64_t out[static CK_TENSOR_DIMS])
{
    if (tuple->kind != CK_VALUE_TUPLE || tuple->u.seq.n > CK_TENSOR_DIMS)
        return -1;
    for (uint32_t i = 0; i < tuple->u.seq.n; i++) {
        const ck_value *v = item(m, tuple, i);
        if (!is_count(v))
            return -1;
        out[i] = (uint64_t)v->u.i;
    }
    return (int)tuple->u.seq.n;
}

/* ('storage', TYPE, KEY, LOCATION, COUNT) */
ck_status ck_vm_persistent(ck_vm *m, ck_error *e)
{
    uint32_t at;
    ck_status s = ck_vm_pop(m, &at, e);
    if (s != CK_OK)
        return s;
    const ck_value *t = ck_vm_value(m, at);
    bool good = t->kind == CK_VALUE_TUPLE && t->u.seq.n == 5;
    for (uint32_t i = 0; i < 5 && good; i++) {
        static const ck_value_kind kinds[5] = {CK_VALUE_TEXT, CK_VALUE_GLOBAL, CK_VALUE_TEXT, CK_VALUE_TEXT,
                                               CK_VALUE_INT};
        good = item(m, t, i)->kind == kinds[i];
    }
    if (!good || !is(item(m, t, 0)->u.text.s, item(m, t, 0)->u.text.n, "storage") ||
        item(m, t, 1)->u.global < STORAGE || !is_count(item(m, t, 4)))
        return ck_vm_fail(m, e, "persistent id is not a storage");
    ck_value v = {.kind = CK_VALUE_STORAGE,
                  .u.storage = {(ck_dtype)(item(m, t, 1)->u.global - STORAGE), (uint64_t)item(m, t, 4)->u.i, NULL}};
    uint64_t bytes;
    if (__builtin_mul_overflow(v.u.storage.count, ck_dtype_size(v.u.storage.dtype), &bytes))
        return ck_vm_fail(m, e, "storage size overflows");
    const ck_value *key = item(m, t, 2);
    s = m->storage(m->ctx, key->u.text.s, key->u.text.n, bytes, &v.u.storage.data, e);
    return s == CK_OK ? ck_vm_push(m, v, e) : s;
}

/* Rebuild a tensor from (storage, offset, shape, stride, requires_grad, hooks[, metadata]).  Returns the error, or
 * NULL. */
static const char *rebuild(const ck_vm *m, const ck_value *a, ck_tensor *t)
{
    uint64_t shape[CK_TENSOR_DIMS], stride[CK_TENSOR_DIMS];
    if (a->u.seq.n != 6 && a->u.seq.n != 7)
        return "wrong number of arguments for a tensor";
    const ck_value *storage = item(m, a, 0), *offset = item(m, a, 1);
    int dims = counts(m, item(m, a, 2), shape);
    if (storage->kind != CK_VALUE_STORAGE || !is_count(offset) || dims < 0 ||
        counts(m, item(m, a, 3), stride) != dims || item(m, a, 4)->kind != CK_VALUE_BOOL ||
        item(m, a, 5)->kind != CK_VALUE_DICT)
        return "invalid storage, offset, shape or strides of a tensor";
    /* Refuse metadata: they mark a conjugated or negated view, whose numbers differ from the stored ones. */
    if (a->u.seq.n == 7 && item(m, a, 6)->kind != CK_VALUE_NONE &&
        (item(m, a, 6)->kind != CK_VALUE_DICT || item(m, a, 6)->u.seq.n))
        return "a tensor with metadata";
    t->dtype = storage->u.storage.dtype;
    if (!ck_tensor_set_shape(t, shape, (size_t)dims))
        return "tensor size overflows";
    if (!ck_tensor_set_view(t, stride, (uint64_t)offset->u.i, storage->u.storage.data, storage->u.storage.count))
        return "a tensor exceeds its storage";
    if (t->count > CK_PICKLE_MAX_ELEMENTS)
        return "a tensor has too many elements";
    return NULL;
}

static ck_status push_tensor(ck_vm *m, const ck_value *args, ck_error *e)
{
    ck_tensor *t = calloc(1, sizeof *t);
    if (!t)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a tensor");
    const char *wrong = rebuild(m, args, t);
    if (!wrong)
        return ck_vm_push(m, (ck_value){.kind = CK_VALUE_TENSOR, .u.tensor = t}, e);
    free(t);
    return ck_vm_fail(m, e, wrong);
}

ck_status ck_vm_reduce(ck_vm *m, ck_error *e)
{
    uint32_t at, callable;
    ck_status s = ck_vm_pop(m, &at, e);
    if (s == CK_OK)
        s = ck_vm_pop(m, &callable, e);
    if (s != CK_OK)
        return s;
    const ck_value *f = ck_vm_value(m, callable), *args = ck_vm_value(m, at);
    if (f->kind != CK_VALUE_GLOBAL || args->kind != CK_VALUE_TUPLE)
        return ck_vm_fail(m, e, "call of a value that is not a function");
    if (f->u.global == REBUILD_TENSOR)
        return push_tensor(m, args, e);
    if (f->u.global == ORDERED_DICT && args->u.seq.n == 0)
        return ck_vm_push(m, (ck_value){.kind = CK_VALUE_DICT, .depth = 1}, e);
    return ck_vm_fail(m, e, f->u.global == ORDERED_DICT ? "OrderedDict with arguments" : "call of a storage type");
}

/* The only attribute of a state dict is _metadata, which is not about the tensors. */
ck_status ck_vm_build(ck_vm *m, ck_error *e)
{
    uint32_t state, object;
    ck_status s = ck_vm_pop(m, &state, e);
    if (s == CK_OK)
        s = ck_vm_pop(m, &object, e);
    if (s != CK_OK)
        return s;
    if (ck_vm_value(m, object)->kind != CK_VALUE_DICT || ck_vm_value(m, state)->kind != CK_VALUE_DICT)
        return ck_vm_fail(m, e, "attributes that are not a dict");
    return ck_vm_push_index(m, object, e);
}
