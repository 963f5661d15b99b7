/* The pickle machine's state and its stack, for pickle.c (opcodes and containers) and pickle_torch.c (PyTorch's
 * globals and tensors). */
#ifndef CK_CHECKPOINT_PICKLE_VM_H
#define CK_CHECKPOINT_PICKLE_VM_H

#include "checkpoint/pickle.h"

typedef struct ck_vm {
    const uint8_t *bytes;
    size_t size, at, next; /* at: the opcode being run; next: what is read next */
    ck_pickle *out;
    uint32_t *stack, top; /* owned; indices of values */
    size_t stack_cap;
    uint32_t marks[CK_PICKLE_MAX_DEPTH], n_marks;
    uint32_t *memo, n_memo; /* owned; index + 1, 0 = empty */
    size_t memo_cap;
    ck_storage_fn storage;
    void *ctx;
} ck_vm;

/* A new value; what it owns becomes the machine's, even on failure. */
ck_status ck_vm_push(ck_vm *m, ck_value v, ck_error *e);
/* One that exists. */
ck_status ck_vm_push_index(ck_vm *m, uint32_t value, ck_error *e);
ck_status ck_vm_pop(ck_vm *m, uint32_t *value, ck_error *e);
ck_value *ck_vm_value(const ck_vm *m, uint32_t i); /* moves when values are pushed */
uint32_t ck_vm_floor(const ck_vm *m);              /* of the stack above the last mark */
void ck_value_free(ck_value *v);                   /* what it owns */
ck_status ck_vm_fail(const ck_vm *m, ck_error *e, const char *what);
ck_status ck_vm_no_memory(ck_error *e);

/* The opcodes of pickle_torch.c. */
ck_status ck_vm_global(ck_vm *m, ck_error *e);     /* GLOBAL: two lines, module and name */
ck_status ck_vm_reduce(ck_vm *m, ck_error *e);     /* REDUCE: callable, arguments -> result */
ck_status ck_vm_build(ck_vm *m, ck_error *e);      /* BUILD: dict, attributes -> dict */
ck_status ck_vm_persistent(ck_vm *m, ck_error *e); /* BINPERSID: tuple -> storage */

#endif
