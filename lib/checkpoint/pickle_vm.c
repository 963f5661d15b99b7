#include "checkpoint/pickle_vm.h"

#include <stdlib.h>

#include "base/mem.h"
#include "checkpoint/pickle_names.h"

ck_status ck_vm_fail(const ck_vm *m, ck_error *e, const char *what)
{
    return ck_fail(e, CK_ERR_FORMAT, "pickle, byte %zu (%s): %s: not a checkpoint that ck reads", m->at,
                   ck_pickle_opcode_name(m->bytes[m->at]), what);
}

ck_status ck_vm_no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for the values of a pickle");
}

ck_status ck_vm_push_index(ck_vm *m, uint32_t value, ck_error *e)
{
    if (m->top == CK_PICKLE_MAX_VALUES)
        return ck_vm_fail(m, e, "stack too deep");
    uint32_t *stack = ck_grown(m->stack, m->top, &m->stack_cap, sizeof *stack);
    if (!stack)
        return ck_vm_no_memory(e);
    m->stack = stack;
    m->stack[m->top++] = value;
    return CK_OK;
}

void ck_value_free(ck_value *v)
{
    if (v->kind == CK_VALUE_TUPLE || v->kind == CK_VALUE_LIST || v->kind == CK_VALUE_DICT)
        free(v->u.seq.items);
    else if (v->kind == CK_VALUE_TENSOR)
        free(v->u.tensor);
}

ck_status ck_vm_push(ck_vm *m, ck_value v, ck_error *e)
{
    ck_pickle *p = m->out;
    ck_status s = CK_OK;
    ck_value *values = p->n < CK_PICKLE_MAX_VALUES ? ck_grown(p->values, p->n, &p->cap, sizeof *values) : NULL;
    if (p->n == CK_PICKLE_MAX_VALUES)
        s = ck_vm_fail(m, e, "too many values");
    else if (!values)
        s = ck_vm_no_memory(e);
    else
        p->values = values;
    if (s != CK_OK) {
        ck_value_free(&v);
        return s;
    }
    p->values[p->n] = v;
    return ck_vm_push_index(m, p->n++, e);
}

ck_value *ck_vm_value(const ck_vm *m, uint32_t i)
{
    return &m->out->values[i];
}

/* Lowest stack index that may be popped: above the last mark. */
uint32_t ck_vm_floor(const ck_vm *m)
{
    return m->n_marks ? m->marks[m->n_marks - 1] : 0;
}

ck_status ck_vm_pop(ck_vm *m, uint32_t *value, ck_error *e)
{
    if (m->top == ck_vm_floor(m))
        return ck_vm_fail(m, e, "the stack is empty");
    *value = m->stack[--m->top];
    return CK_OK;
}
