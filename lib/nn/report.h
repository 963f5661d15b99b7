/* A plan as text: its layers, their sizes and times. */
#ifndef CK_NN_REPORT_H
#define CK_NN_REPORT_H

#include "nn/plan.h"

#define CK_NN_REPORT_LINE 256

/* GFLOP of one run. */
double ck_nn_plan_gflop(const ck_nn_plan *p);

/* Step i as one line without newline: label, operation, input and output shapes, GFLOP, ms (mean of timed runs),
 * GFLOP/s. i = ck_nn_plan_steps(p): the totals.  Returns `line`. */
const char *ck_nn_plan_line(const ck_nn_plan *p, int i, char line[CK_NN_REPORT_LINE]);

/* Names of the kernels that the plan uses, separated by spaces; "" on devices without a choice.  Returns `names`. */
#define CK_NN_KERNEL_NAMES 1024
const char *ck_nn_plan_kernels(const ck_nn_plan *p, char names[CK_NN_KERNEL_NAMES]);

/* The first step from i on that faster kernels do not serve, and the reason as one line: "LABEL by KERNEL: why".  Steps
 * with the reason of an earlier one are passed over.  Returns its number, or that of all steps after the last. */
int ck_nn_plan_plainer(const ck_nn_plan *p, int i, ck_error *line);

#endif
