/* The pipeline that `ck key` runs: its stages and their command lines. */
#ifndef CK_CK_PLAN_H
#define CK_CK_PLAN_H

#include "base/option.h"
#include "ck/options.h"

#define CK_STAGES 7 /* at most; two fewer without a model */

typedef struct ck_plan_stage {
    const ck_program *program;
    const char *name; /* "hint": what stands before the colon in --hint:screen */
    char **argv;      /* owned, NULL at the end */
    int argc;
} ck_plan_stage;

typedef struct ck_plan {
    ck_plan_stage stages[CK_STAGES]; /* `n` of them, in the order they run */
    int n;
    bool classical;     /* no network: the hint is the matte */
    bool asked;         /* … because --classical was given */
    char *found;        /* the model from $CK_MODEL or the user's folder, or NULL; owned */
    ck_plan_stage self; /* the front end's own command line */
    ck_key_options own; /* … parsed; its texts are self's */
    ck_list args;       /* INPUT OUT; borrowed strings, owned array */
} ck_plan;

/* Sort argv (from "key" on) into the stages; without a model (ck_checkpoint_find) those of the network are left out.
 * Every stage's command line is checked with its own table, so that a wrong value is refused before anything starts. */
ck_status ck_plan_make(ck_plan *p, int argc, char **argv, ck_error *e);

/* Point the first stage at `input` (the other arguments stay). */
ck_status ck_plan_set_input(ck_plan *p, const char *input, ck_error *e);

/* True if the first stage, ck-decode, was given this option, or one that names a file beside INPUT. */
bool ck_plan_decode_has(const ck_plan *p, const char *option);
bool ck_plan_decode_has_files(const ck_plan *p);

/* Before anything starts: INPUT and the files beside it are footage, and if INPUT is a sequence, the frames asked for
 * exist.  CK_ERR_ARGUMENT. */
ck_status ck_plan_check_input(const ck_plan *p, ck_error *e);

/* As a shell would read it, one line on stdout. */
void ck_plan_print(const ck_plan *p);

/* --help (CK_HELP_BRIEF) and --help=all (CK_HELP_ALL) on stdout: the front end's options and the stages'. */
void ck_plan_help(int level);

void ck_plan_free(ck_plan *p);

#endif
