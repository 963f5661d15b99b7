#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "checkpoint/pickle_globals.h"
#include "checkpoint/pickle_vm.h"

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

/* Names go into messages, so they must not have control characters. */
static bool clean(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 32 || s[i] == 127)
            return false;
    return n && ck_utf8_valid((const uint8_t *)s, n);
}

/* Number of bytes to show, whole characters. */
static uint8_t shown(const char *s, size_t n)
{
    if (n > CK_PICKLE_SHOWN)
        for (n = CK_PICKLE_SHOWN; n && ((unsigned char)s[n] & 0xc0) == 0x80;)
            n--;
    return (uint8_t)n;
}

const char *ck_global_text(const ck_value *v, char buf[static CK_GLOBAL_TEXT])
{
    snprintf(buf, CK_GLOBAL_TEXT, "%.*s.%.*s", v->u.global.module_n, v->u.global.module, v->u.global.name_n,
             v->u.global.name);
    return buf;
}

static ck_status push_global(ck_vm *m, const char *module, size_t module_n, const char *name, size_t name_n,
                             ck_error *e)
{
    if (!clean(module, module_n) || !clean(name, name_n))
        return ck_vm_fail(m, e, "the name of a class is not clean text");
    ck_value v = {.kind = CK_VALUE_GLOBAL,
                  .u.global = {module, name, shown(module, module_n), shown(name, name_n),
                               ck_global_by_name(module, module_n, name, name_n)}};
    return ck_vm_push(m, v, e);
}

ck_status ck_vm_global(ck_vm *m, ck_error *e)
{
    const char *module, *name;
    size_t module_n, name_n;
    if (!line(m, &module, &module_n) || !line(m, &name, &name_n))
        return ck_vm_fail(m, e, "unterminated global");
    return push_global(m, module, module_n, name, name_n, e);
}

ck_status ck_vm_stack_global(ck_vm *m, ck_error *e)
{
    uint32_t name, module;
    ck_status s = ck_vm_pop(m, &name, e);
    if (s == CK_OK)
        s = ck_vm_pop(m, &module, e);
    if (s != CK_OK)
        return s;
    const ck_value *a = ck_vm_value(m, module), *b = ck_vm_value(m, name);
    if (a->kind != CK_VALUE_TEXT || b->kind != CK_VALUE_TEXT)
        return ck_vm_fail(m, e, "the name of a class is not text");
    return push_global(m, a->u.text.s, a->u.text.n, b->u.text.s, b->u.text.n, e);
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

/* Push an object that is skipped: CK_GLOBAL_OTHER stands for a tensor or its storage. */
static ck_status push_object(ck_vm *m, const ck_value *maker, ck_global what, ck_error *e)
{
    ck_value v = {.kind = CK_VALUE_OBJECT, .depth = 1, .u.global = maker->u.global};
    v.u.global.what = (int)what;
    return ck_vm_push(m, v, e);
}

/* ('storage', TYPE, KEY, LOCATION, COUNT).  Storages of types that are not read may belong to an optimizer. */
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
    if (!good || !is(item(m, t, 0)->u.text.s, item(m, t, 0)->u.text.n, "storage") || !is_count(item(m, t, 4)))
        return ck_vm_fail(m, e, "persistent id is not a storage");
    const ck_value *type = item(m, t, 1);
    if (type->u.global.what < CK_GLOBAL_STORAGE)
        return push_object(m, type, CK_GLOBAL_OTHER, e);
    ck_value v = {
        .kind = CK_VALUE_STORAGE,
        .u.storage = {(ck_dtype)(type->u.global.what - CK_GLOBAL_STORAGE), (uint64_t)item(m, t, 4)->u.i, NULL}};
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
    if (args->u.seq.n && item(m, args, 0)->kind == CK_VALUE_OBJECT)
        return push_object(m, item(m, args, 0), CK_GLOBAL_OTHER, e);
    ck_tensor *t = calloc(1, sizeof *t);
    if (!t)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a tensor");
    const char *wrong = rebuild(m, args, t);
    if (!wrong)
        return ck_vm_push(m, (ck_value){.kind = CK_VALUE_TENSOR, .u.tensor = t}, e);
    free(t);
    return ck_vm_fail(m, e, wrong);
}

ck_status ck_vm_push_named(ck_vm *m, const char *builtin, ck_error *e)
{
    return ck_vm_push(m,
                      (ck_value){.kind = CK_VALUE_OBJECT,
                                 .depth = 1,
                                 .u.global = {"builtins", builtin, 8, (uint8_t)strlen(builtin), CK_GLOBAL_SKIPPED}},
                      e);
}

/* (tensor, requires_grad, hooks[, state]) -> the tensor, or an object if it is one that is not read. */
static ck_status push_parameter(ck_vm *m, const ck_value *args, ck_error *e)
{
    uint32_t n = args->u.seq.n;
    if (n != 3 && n != 4)
        return ck_vm_fail(m, e, "wrong number of arguments for a parameter");
    ck_value_kind kind = item(m, args, 0)->kind;
    if (kind != CK_VALUE_TENSOR && kind != CK_VALUE_OBJECT)
        return ck_vm_fail(m, e, "a parameter without a tensor");
    return ck_vm_push_index(m, args->u.seq.items[0], e);
}

static ck_status call(ck_vm *m, const ck_value *f, const ck_value *args, ck_error *e)
{
    char text[CK_GLOBAL_TEXT];
    switch (f->u.global.what) {
    case CK_GLOBAL_TENSOR:
        return push_tensor(m, args, e);
    case CK_GLOBAL_PARAMETER:
        return push_parameter(m, args, e);
    case CK_GLOBAL_ORDERED:
        if (args->u.seq.n)
            return ck_vm_fail(m, e, "OrderedDict with arguments");
        return ck_vm_push(m, (ck_value){.kind = CK_VALUE_DICT, .depth = 1}, e);
    case CK_GLOBAL_DEFAULT:
        return ck_vm_push(m, (ck_value){.kind = CK_VALUE_DICT, .depth = 1}, e);
    case CK_GLOBAL_SIZE:
        if (args->u.seq.n != 1 || item(m, args, 0)->kind != CK_VALUE_TUPLE)
            return ck_vm_fail(m, e, "a torch.Size without numbers");
        return ck_vm_push_index(m, args->u.seq.items[0], e);
    case CK_GLOBAL_SKIPPED:
    case CK_GLOBAL_OTHER:
        return push_object(m, f, (ck_global)f->u.global.what, e);
    case CK_GLOBAL_FROM_TYPE: /* of itself */
    case CK_GLOBAL_UNKNOWN:
        return ck_fail(e, CK_ERR_FORMAT,
                       "pickle, byte %zu: a call of global '%s' is refused, since no code is run: save "
                       "model.state_dict() alone",
                       m->at, ck_global_text(f, text));
    default:
        return ck_vm_fail(m, e, "call of a storage type");
    }
}

/* A tensor with attributes is (function, type, its arguments, attributes). */
static ck_status from_type(ck_vm *m, const ck_value *args, ck_error *e)
{
    if (args->u.seq.n != 4 || item(m, args, 0)->kind != CK_VALUE_GLOBAL || item(m, args, 2)->kind != CK_VALUE_TUPLE)
        return ck_vm_fail(m, e, "wrong arguments for a tensor with attributes");
    return call(m, item(m, args, 0), item(m, args, 2), e);
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
    return f->u.global.what == CK_GLOBAL_FROM_TYPE ? from_type(m, args, e) : call(m, f, args, e);
}

ck_status ck_vm_new_object(ck_vm *m, uint32_t args, ck_error *e)
{
    uint32_t ignored, at = 0;
    ck_status s = CK_OK;
    for (uint32_t i = 0; i < args && s == CK_OK; i++)
        s = ck_vm_pop(m, &ignored, e);
    if (s == CK_OK)
        s = ck_vm_pop(m, &at, e);
    if (s != CK_OK)
        return s;
    const ck_value *class = ck_vm_value(m, at);
    return class->kind == CK_VALUE_GLOBAL ? push_object(m, class, CK_GLOBAL_SKIPPED, e)
                                          : ck_vm_fail(m, e, "an object without a class");
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
    ck_value_kind kind = ck_vm_value(m, object)->kind;
    if (kind != CK_VALUE_OBJECT && (kind != CK_VALUE_DICT || ck_vm_value(m, state)->kind != CK_VALUE_DICT))
        return ck_vm_fail(m, e, "attributes that are not a dict");
    return ck_vm_push_index(m, object, e);
}
