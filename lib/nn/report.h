/* A plan for people to read: its layers, their sizes and times. */
#ifndef CK_NN_REPORT_H
#define CK_NN_REPORT_H

#include <stdio.h>

#include "nn/plan.h"

/* GFLOP of one run. */
double ck_nn_plan_gflop(const ck_nn_plan *p);

/* A line a step (what, from which shape to which, GFLOP; ms and GFLOP/s, the mean of the timed runs), then the sums. */
void ck_nn_plan_report(const ck_nn_plan *p, FILE *f);

#endif
