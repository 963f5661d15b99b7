#include "checkpoint/pickle.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/mem.h"
#include "checkpoint/build.h"
#include "checkpoint/bytes.h"
#include "checkpoint/pickle_names.h"
#include "checkpoint/pickle_vm.h"

static ck_status mark(ck_vm *m, ck_error *e)
{
    if (m->n_marks == CK_PICKLE_MAX_DEPTH)
        return ck_vm_fail(m, e, "nested too deep");
    m->marks[m->n_marks++] = m->top;
    return CK_OK;
}

/* Pop all values above the last mark.  *n values start at m->stack + m->top. */
static ck_status pop_mark(ck_vm *m, uint32_t *n, ck_error *e)
{
    if (!m->n_marks)
        return ck_vm_fail(m, e, "no open mark");
    uint32_t bottom = m->marks[--m->n_marks];
    *n = m->top - bottom;
    m->top = bottom;
    return CK_OK;
}

/* Append stack[from] ... stack[from+n-1] to a container. */
static ck_status extend(ck_vm *m, ck_value *c, uint32_t from, uint32_t n, ck_error *e)
{
    for (uint32_t i = 0; i < n; i++) {
        const ck_value *v = ck_vm_value(m, m->stack[from + i]);
        if (v->depth >= CK_PICKLE_MAX_DEPTH)
            return ck_vm_fail(m, e, "nested too deep");
        c->depth = v->depth >= c->depth ? v->depth + 1 : c->depth;
        if (c->u.seq.n == CK_PICKLE_MAX_VALUES)
            return ck_vm_fail(m, e, "container too large");
        uint32_t *items = ck_grown(c->u.seq.items, c->u.seq.n, &c->u.seq.cap, sizeof *items);
        if (!items)
            return ck_vm_no_memory(e);
        c->u.seq.items = items;
        c->u.seq.items[c->u.seq.n++] = m->stack[from + i];
    }
    return CK_OK;
}

/* Replace the n topmost values by a tuple of them. */
static ck_status tuple(ck_vm *m, uint32_t n, ck_error *e)
{
    if (m->top - ck_vm_floor(m) < n)
        return ck_vm_fail(m, e, "the stack is empty");
    ck_value t = {.kind = CK_VALUE_TUPLE, .depth = 1};
    m->top -= n;
    ck_status s = extend(m, &t, m->top, n, e);
    if (s == CK_OK)
        return ck_vm_push(m, t, e);
    ck_value_free(&t);
    return s;
}

static ck_status marked_tuple(ck_vm *m, ck_error *e)
{
    uint32_t n = 0;
    ck_status s = pop_mark(m, &n, e);
    if (s != CK_OK)
        return s;
    m->top += n;
    return tuple(m, n, e);
}

/* Pop n values and append them to the container below them. */
static ck_status fill(ck_vm *m, ck_value_kind kind, uint32_t n, ck_error *e)
{
    if (m->top == ck_vm_floor(m))
        return ck_vm_fail(m, e, "the stack is empty");
    ck_value *into = ck_vm_value(m, m->stack[m->top - 1]);
    if (into->kind == CK_VALUE_OBJECT)
        return CK_OK; /* items of an object are dropped */
    if (into->kind != kind)
        return ck_vm_fail(m, e, kind == CK_VALUE_DICT ? "not a dict" : "not a list");
    if (kind == CK_VALUE_DICT && n % 2)
        return ck_vm_fail(m, e, "a key has no value");
    return extend(m, into, m->top, n, e);
}

static ck_status fill_marked(ck_vm *m, ck_value_kind kind, ck_error *e)
{
    uint32_t n = 0;
    ck_status s = pop_mark(m, &n, e);
    return s == CK_OK ? fill(m, kind, n, e) : s;
}

static ck_status fill_top(ck_vm *m, ck_value_kind kind, uint32_t n, ck_error *e)
{
    if (m->top - ck_vm_floor(m) < n)
        return ck_vm_fail(m, e, "the stack is empty");
    m->top -= n;
    return fill(m, kind, n, e);
}

static ck_status put(ck_vm *m, uint32_t slot, ck_error *e)
{
    if (slot >= CK_PICKLE_MAX_VALUES)
        return ck_vm_fail(m, e, "memo index too large");
    if (m->top == ck_vm_floor(m))
        return ck_vm_fail(m, e, "the stack is empty");
    while (m->n_memo <= slot) {
        uint32_t *memo = ck_grown(m->memo, m->n_memo, &m->memo_cap, sizeof *memo);
        if (!memo)
            return ck_vm_no_memory(e);
        m->memo = memo;
        m->memo[m->n_memo++] = 0;
    }
    m->memoized += !m->memo[slot];
    m->memo[slot] = m->stack[m->top - 1] + 1;
    return CK_OK;
}

static ck_status get(ck_vm *m, uint32_t slot, ck_error *e)
{
    if (slot >= m->n_memo || !m->memo[slot])
        return ck_vm_fail(m, e, "no such memo entry");
    return ck_vm_push_index(m, m->memo[slot] - 1, e);
}

/* Take the next n bytes. */
static ck_status take(ck_vm *m, size_t n, const uint8_t **p, ck_error *e)
{
    if (n > m->size - m->next)
        return ck_vm_fail(m, e, "the pickle is truncated");
    *p = m->bytes + m->next;
    m->next += n;
    return CK_OK;
}

static ck_status push_int(ck_vm *m, int64_t i, ck_error *e)
{
    return ck_vm_push(m, (ck_value){.kind = CK_VALUE_INT, .u.i = i}, e);
}

/* Push an integer of n bytes in two's complement, lowest byte first. */
static ck_status number(ck_vm *m, size_t n, ck_error *e)
{
    const uint8_t *p = NULL;
    uint64_t v = 0;
    ck_status s = take(m, n, &p, e);
    if (s != CK_OK)
        return s;
    /* Longer ones may be random seeds; no number of a tensor is that large. */
    if (n > 8)
        return ck_vm_push(m, (ck_value){.kind = CK_VALUE_NONE}, e);
    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << 8 * i;
    if (n && n < 8 && p[n - 1] & 0x80)
        v |= ~(uint64_t)0 << 8 * n;
    return push_int(m, (int64_t)v, e);
}

static ck_status binfloat(ck_vm *m, const uint8_t *p, ck_error *e)
{
    uint64_t u = 0;
    for (int i = 0; i < 8; i++)
        u = u << 8 | p[i];
    return ck_vm_push(m, (ck_value){.kind = CK_VALUE_FLOAT, .u.f = ck_double_of_bits(u)}, e);
}

static ck_status text(ck_vm *m, size_t n, ck_error *e)
{
    const uint8_t *p = NULL;
    ck_status s = take(m, n, &p, e);
    if (s == CK_OK && !ck_utf8_valid(p, n))
        return ck_vm_fail(m, e, "text is not UTF-8");
    if (s != CK_OK)
        return s;
    return ck_vm_push(m, (ck_value){.kind = CK_VALUE_TEXT, .u.text = {(const char *)p, n}}, e);
}

/* Push n bytes, which are skipped. */
static ck_status binary(ck_vm *m, uint64_t n, const char *builtin, ck_error *e)
{
    const uint8_t *p = NULL;
    ck_status s = take(m, n, &p, e);
    return s == CK_OK ? ck_vm_push_named(m, builtin, e) : s;
}

/* Items of a set. */
static ck_status add_items(ck_vm *m, ck_error *e)
{
    uint32_t n = 0;
    ck_status s = pop_mark(m, &n, e);
    if (s == CK_OK && (m->top == ck_vm_floor(m) || ck_vm_value(m, m->stack[m->top - 1])->kind != CK_VALUE_OBJECT))
        return ck_vm_fail(m, e, "not a set");
    return s;
}

static ck_status frozen_set(ck_vm *m, ck_error *e)
{
    uint32_t n = 0;
    ck_status s = pop_mark(m, &n, e);
    return s == CK_OK ? ck_vm_push_named(m, "frozenset", e) : s;
}

/* A frame is n bytes of opcodes that follow; only its length can be wrong. */
static ck_status frame(const ck_vm *m, uint64_t n, ck_error *e)
{
    return n <= m->size - m->next ? CK_OK : ck_vm_fail(m, e, "the pickle is truncated");
}

/* Number of operand bytes of opcodes for which it is fixed. */
static size_t operand(uint8_t op)
{
    switch (op) {
    case 'K':
    case 'q':
    case 'h':
    case 'C':
    case 0x80:
    case 0x8a:
    case 0x8c:
        return 1;
    case 'M':
        return 2;
    case 'J':
    case 'X':
    case 'r':
    case 'j':
    case 'B':
    case 0x8b:
        return 4;
    case 'G':
    case 0x8d:
    case 0x8e:
    case 0x95:
    case 0x96:
        return 8;
    default:
        return 0;
    }
}

static ck_status proto(int version, ck_error *e)
{
    if (version >= 2 && version <= 5)
        return CK_OK;
    return ck_fail(e, CK_ERR_UNSUPPORTED,
                   "pickle protocol %d is not read, only 2 to 5: save it with pickle_protocol=2, torch.save's default",
                   version);
}

/* Opcodes that push a plain value.  p: the operand. */
static ck_status plain(ck_vm *m, uint8_t op, const uint8_t *p, ck_error *e)
{
    switch (op) {
    case 'N': /* NONE */
        return ck_vm_push(m, (ck_value){.kind = CK_VALUE_NONE}, e);
    case 0x88: /* NEWTRUE */
    case 0x89: /* NEWFALSE */
        return ck_vm_push(m, (ck_value){.kind = CK_VALUE_BOOL, .u.b = op == 0x88}, e);
    case 'K': /* BININT1 */
        return push_int(m, *p, e);
    case 'M': /* BININT2 */
        return push_int(m, ck_le16(p), e);
    case 'J': /* BININT */
        return push_int(m, (int32_t)ck_le32(p), e);
    case 0x8a: /* LONG1 */
        return number(m, *p, e);
    case 0x8b: /* LONG4 */
        return number(m, ck_le32(p), e);
    case 'G': /* BINFLOAT */
        return binfloat(m, p, e);
    case 'X': /* BINUNICODE */
        return text(m, ck_le32(p), e);
    case 0x8c: /* SHORT_BINUNICODE */
        return text(m, *p, e);
    case 0x8d: /* BINUNICODE8 */
        return text(m, ck_le64(p), e);
    case 'C': /* SHORT_BINBYTES */
        return binary(m, *p, "bytes", e);
    case 'B': /* BINBYTES */
        return binary(m, ck_le32(p), "bytes", e);
    case 0x8e: /* BINBYTES8 */
        return binary(m, ck_le64(p), "bytes", e);
    case 0x96: /* BYTEARRAY8 */
        return binary(m, ck_le64(p), "bytearray", e);
    default:
        return ck_fail(
            e, CK_ERR_FORMAT,
            "pickle, byte %zu: opcode 0x%02x (%s) is refused: only dicts of tensors are read, and no code is run",
            m->at, op, ck_pickle_opcode_name(op));
    }
}

static ck_status step(ck_vm *m, uint8_t op, ck_error *e)
{
    const uint8_t *p = NULL;
    ck_status s = take(m, operand(op), &p, e);
    if (s != CK_OK)
        return s;
    switch (op) {
    case 0x80: /* PROTO */
        return proto(*p, e);
    case '(': /* MARK */
        return mark(m, e);
    case ')': /* EMPTY_TUPLE */
        return tuple(m, 0, e);
    case 0x85: /* TUPLE1 */
    case 0x86: /* TUPLE2 */
    case 0x87: /* TUPLE3 */
        return tuple(m, op - 0x84u, e);
    case 't': /* TUPLE */
        return marked_tuple(m, e);
    case ']': /* EMPTY_LIST */
        return ck_vm_push(m, (ck_value){.kind = CK_VALUE_LIST, .depth = 1}, e);
    case '}': /* EMPTY_DICT */
        return ck_vm_push(m, (ck_value){.kind = CK_VALUE_DICT, .depth = 1}, e);
    case 'a': /* APPEND */
        return fill_top(m, CK_VALUE_LIST, 1, e);
    case 'e': /* APPENDS */
        return fill_marked(m, CK_VALUE_LIST, e);
    case 's': /* SETITEM */
        return fill_top(m, CK_VALUE_DICT, 2, e);
    case 'u': /* SETITEMS */
        return fill_marked(m, CK_VALUE_DICT, e);
    case 0x8f: /* EMPTY_SET */
        return ck_vm_push_named(m, "set", e);
    case 0x90: /* ADDITEMS */
        return add_items(m, e);
    case 0x91: /* FROZENSET */
        return frozen_set(m, e);
    case 'q': /* BINPUT */
        return put(m, *p, e);
    case 'r': /* LONG_BINPUT */
        return put(m, ck_le32(p), e);
    case 0x94: /* MEMOIZE */
        return put(m, m->memoized, e);
    case 0x95: /* FRAME */
        return frame(m, ck_le64(p), e);
    case 'h': /* BINGET */
        return get(m, *p, e);
    case 'j': /* LONG_BINGET */
        return get(m, ck_le32(p), e);
    case 'c': /* GLOBAL */
        return ck_vm_global(m, e);
    case 0x93: /* STACK_GLOBAL */
        return ck_vm_stack_global(m, e);
    case 0x81: /* NEWOBJ */
        return ck_vm_new_object(m, 1, e);
    case 0x92: /* NEWOBJ_EX */
        return ck_vm_new_object(m, 2, e);
    case 'R': /* REDUCE */
        return ck_vm_reduce(m, e);
    case 'b': /* BUILD */
        return ck_vm_build(m, e);
    case 'Q': /* BINPERSID */
        return ck_vm_persistent(m, e);
    default:
        return plain(m, op, p, e);
    }
}

static ck_status run(ck_vm *m, ck_error *e)
{
    while (m->next < m->size) {
        m->at = m->next++;
        uint8_t op = m->bytes[m->at];
        if (m->at == 0 && op != 0x80)
            return ck_vm_fail(m, e, "it does not start with PROTO");
        if (op == '.') {
            if (m->top != 1 || m->n_marks || m->next != m->size)
                return ck_vm_fail(m, e, "it stops with values left over");
            m->out->root = m->stack[0];
            return CK_OK;
        }
        ck_status s = step(m, op, e);
        if (s != CK_OK)
            return s;
    }
    return ck_fail(e, CK_ERR_FORMAT, "the pickle ends without STOP: is the download complete?");
}

ck_status ck_pickle_read(ck_pickle *p, const uint8_t *bytes, size_t n, ck_storage_fn storage, void *ctx, ck_error *e)
{
    *p = (ck_pickle){0};
    if (n > CK_PICKLE_MAX_BYTES)
        return ck_fail(e, CK_ERR_FORMAT, "a pickle of %zu bytes: a dict of tensors has less than %u", n,
                       CK_PICKLE_MAX_BYTES);
    ck_vm m = {.bytes = bytes, .size = n, .out = p, .storage = storage, .ctx = ctx};
    ck_status s = run(&m, e);
    free(m.stack);
    free(m.memo);
    if (s != CK_OK)
        ck_pickle_free(p);
    return s;
}

void ck_pickle_free(ck_pickle *p)
{
    for (uint32_t i = 0; i < p->n; i++)
        ck_value_free(&p->values[i]);
    free(p->values);
    *p = (ck_pickle){0};
}
