/* A plan as text: its layers, their sizes and times. */
#ifndef CK_NN_REPORT_H
#define CK_NN_REPORT_H

#include "nn/plan.h"

#define CK_NN_REPORT_LINE 256

/* GFLOP of one run. */
double ck_nn_plan_gflop(const ck_nn_plan *p);

/* Step i in a line without its end: label, operation, shapes from and to, GFLOP, ms (the mean of the timed runs) and
 * GFLOP/s.  i = ck_nn_plan_steps(p): the sums.  Returns `line`. */
const char *ck_nn_plan_line(const ck_nn_plan *p, int i, char line[CK_NN_REPORT_LINE]);

#endif
