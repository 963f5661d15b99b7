/* Shared by the parts of planning. */
#ifndef CK_CK_PLAN_INSIDE_H
#define CK_CK_PLAN_INSIDE_H

#include "ck/args.h"

enum { DECODE, HINT, INFER, REFINE, MATTE, POST, ENCODE };

extern const ck_plan_stage ck_plan_stages[CK_STAGES];

/* The row that `name` (or `letter`) means to one stage. */
const ck_option *ck_plan_lookup(const ck_program *p, const char *name, char letter);

/* ck-infer has these for --refine only, which settles where they go in the end. */
bool ck_plan_refiners(const char *name);

/* Take argv[*i], and the next if that is its value, to the stages that it is for. */
ck_status ck_plan_option(ck_plan *p, int argc, char **argv, int *i, ck_error *e);

/* With the network if there is a model, else without. */
ck_status ck_plan_choose(ck_plan *p, ck_error *e);

/* Without the network ck-matte makes the matte and ck-post the foreground; with it ck-matte runs if it has something to
 * do.  Before ck_plan_join. */
ck_status ck_plan_matte(ck_plan *p, ck_error *e);

/* Drop the stages that are not needed.  With --refine ck-infer does both halves: it gets the refiner's options, and the
 * pipeline has no ck-refine. */
ck_status ck_plan_join(ck_plan *p, ck_error *e);

void ck_plan_drop(ck_plan *p, int i);

#endif
