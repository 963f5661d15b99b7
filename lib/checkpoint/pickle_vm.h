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
    uint32_t memoized;      /* entries that are not empty */
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

/* Push an object of that class of builtins, which is skipped.  `builtin` must outlive the values. */
ck_status ck_vm_push_named(ck_vm *m, const char *builtin, ck_error *e);

/* Opcodes implemented in pickle_torch.c. */
ck_status ck_vm_global(ck_vm *m, ck_error *e);       /* GLOBAL: two lines, module and name */
ck_status ck_vm_stack_global(ck_vm *m, ck_error *e); /* STACK_GLOBAL: module, name -> global */
ck_status ck_vm_reduce(ck_vm *m, ck_error *e);       /* REDUCE: callable, arguments -> result */
ck_status ck_vm_build(ck_vm *m, ck_error *e);        /* BUILD: dict or object, attributes -> the same */
ck_status ck_vm_persistent(ck_vm *m, ck_error *e);   /* BINPERSID: tuple -> storage */
/* NEWOBJ and NEWOBJ_EX: class and `args` values (1 or 2) -> an object that is skipped. */
ck_status ck_vm_new_object(ck_vm *m, uint32_t args, ck_error *e);

#endif
