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

#endif
