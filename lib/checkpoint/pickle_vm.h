/* State and stack of the pickle machine, for pickle.c (opcodes and containers) and pickle_torch.c (PyTorch's globals
 * and tensors). */
#ifndef CK_CHECKPOINT_PICKLE_VM_H
#define CK_CHECKPOINT_PICKLE_VM_H

#include "checkpoint/pickle.h"

typedef struct ck_vm {
    const uint8_t *bytes;
    size_t size, at, next; /* at: the opcode being run; next: next byte to read */
    ck_pickle *out;
    uint32_t *stack, top; /* owned; indices into the values */
    size_t stack_cap;
    uint32_t marks[CK_PICKLE_MAX_DEPTH], n_marks;
    uint32_t *memo, n_memo; /* owned; index + 1, 0 = empty */
    size_t memo_cap;
    ck_storage_fn storage;
    void *ctx;
} ck_vm;

/* Push a new value.  The machine owns its contents, even after a failure. */
ck_status ck_vm_push(ck_vm *m, ck_value v, ck_error *e);
/* Push an existing value. */
ck_status ck_vm_push_index(ck_vm *m, uint32_t value, ck_error *e);
ck_status ck_vm_pop(ck_vm *m, uint32_t *value, ck_error *e);
ck_value *ck_vm_value(const ck_vm *m, uint32_t i); /* the pointer is invalid after a push */
uint32_t ck_vm_floor(const ck_vm *m);              /* first stack index above the last mark */
void ck_value_free(ck_value *v);                   /* frees the value's contents */
ck_status ck_vm_fail(const ck_vm *m, ck_error *e, const char *what);
ck_status ck_vm_no_memory(ck_error *e);

/* Opcodes implemented in pickle_torch.c. */
ck_status ck_vm_global(ck_vm *m, ck_error *e);     /* GLOBAL: two lines, module and name */
ck_status ck_vm_reduce(ck_vm *m, ck_error *e);     /* REDUCE: callable, arguments -> result */
ck_status ck_vm_build(ck_vm *m, ck_error *e);      /* BUILD: dict, attributes -> dict */
ck_status ck_vm_persistent(ck_vm *m, ck_error *e); /* BINPERSID: tuple -> storage */

#endif
