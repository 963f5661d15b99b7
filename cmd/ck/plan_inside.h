/* Shared by the parts of planning. */
#ifndef CK_CK_PLAN_INSIDE_H
#define CK_CK_PLAN_INSIDE_H

#include "ck/args.h"
#include "io/sequence.h"

enum { DECODE, HINT, INFER, REFINE, MATTE, POST, ENCODE };

extern const ck_plan_stage ck_plan_stages[CK_STAGES];

/* The stage's option `name` (or `letter`), or NULL. */
const ck_option *ck_plan_lookup(const ck_program *p, const char *name, char letter);

/* True for the refiner's options.  They go to ck-refine, or to ck-infer if --refine is given (ck_plan_join). */
bool ck_plan_refiners(const char *name);

/* Give the option argv[*i], and its value if that is the next word, to the stages that have it. */
ck_status ck_plan_option(ck_plan *p, int argc, char **argv, int *i, ck_error *e);

/* Choose the network if a model was found, else the classical key. */
ck_status ck_plan_choose(ck_plan *p, ck_error *e);

/* Give the stages what --quality stands for, before the user's own options, which win.  Call before ck_plan_join. */
ck_status ck_plan_quality(ck_plan *p, ck_error *e);

/* Place ck-matte.  Without the network it makes the matte, and ck-post the foreground.  With the network it runs only
 * if an option or a mask needs it.  Call before ck_plan_join. */
ck_status ck_plan_matte(ck_plan *p, ck_error *e);

/* Drop the stages that are not needed.  With --refine ck-infer does both halves: it gets the refiner's options, and the
 * pipeline has no ck-refine. */
ck_status ck_plan_join(ck_plan *p, ck_error *e);

/* Let ck-post make halves if all that is written of them are halves: the files are the same, and the planes take half
 * of the memory.  Call after ck_plan_join. */
ck_status ck_plan_depth(ck_plan *p, ck_error *e);

/* CK_ERR_ARGUMENT if a still that ck-encode would write is one of the input files, through whatever link.  ck-encode
 * checks it again for every frame; this check is for later frames, before the first is written. */
ck_status ck_plan_check_output(const ck_plan *p, const ck_sequence *files, ck_error *e);

void ck_plan_drop(ck_plan *p, int i);

#endif
