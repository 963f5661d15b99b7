/* A device's kernels against the CPU, on small shapes of every operation.
 *
 * A kernel that fails is given up (ck_nn_backend.without), and the next one of its operation is checked. */
#ifndef CK_NN_CHECK_H
#define CK_NN_CHECK_H

#include "nn/nn.h"

/* A step of the network, small. */
typedef struct ck_nn_problem {
    const char *name;
    ck_nn_kind kind;
    int h, w, in, out; /* size of the result; channels of x[0] and of the result */
    ck_nn_act act;
    bool add;                          /* LINEAR, APPLY, HEAD: with an addend */
    int heads, window, queries_a_side; /* ATTENTION; queries_a_side: 1, or 2 where the map of keys is twice as wide */
    int dilation;                      /* CONV */
    bool listed;                       /* only some tokens (ATTENTION, MERGE) or blocks are computed */
} ck_nn_problem;

extern const ck_nn_problem ck_nn_problems[];
extern const int ck_nn_problem_count;

/* The step of a problem without memory and weights, with activations of type `act`.  Tensors that share memory have the
 * same id. */
ck_nn_step ck_nn_problem_step(const ck_nn_problem *p, ck_nn_type act);

typedef struct ck_nn_findings {
    char without[512]; /* names of the kernels that failed, each with a space before it */
    ck_error first;    /* the first failure; "" if all passed */
} ck_nn_findings;

/* Check a device (see ck_nn_open).  CK_ERR_UNSUPPORTED if an operation has no kernel that passes. */
ck_status ck_nn_check(const char *device, ck_nn_precision p, ck_nn_findings *out, ck_error *e);

/* Kernel of a problem on an open device with a choice of kernels; `why`: why faster ones do not serve it, or "". */
ck_status ck_nn_problem_kernel(ck_nn *dev, const ck_nn_problem *p, const char **kernel, ck_error *why);

/* Give up kernels named as in ck_nn_findings. */
void ck_nn_do_without(ck_nn *dev, const char *names);

#endif
