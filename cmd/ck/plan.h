/* The pipeline that `ck key` runs: its stages and their command lines. */
#ifndef CK_CK_PLAN_H
#define CK_CK_PLAN_H

#include "base/option.h"
#include "ck/options.h"
#include "io/sequence.h"

#define CK_STAGES 7 /* at most; two fewer without a model */

typedef struct ck_plan_stage {
    const ck_program *program;
    const char *name; /* "hint", as in --hint:screen */
    char **argv;      /* owned, NULL at the end */
    int argc;
} ck_plan_stage;

typedef struct ck_plan {
    ck_plan_stage stages[CK_STAGES]; /* `n` of them, in the order they run */
    int n;
    long total;         /* frames of the run; 0 = unknown; set by ck_plan_check_input */
    bool classical;     /* no network: the hint is the matte */
    bool asked;         /* … because --classical was given */
    bool streams;       /* an output goes to standard output */
    char *found;        /* the model from $CK_MODEL or a folder, or NULL; owned */
    char *folder;       /* the folder that --model names, or NULL; owned */
    ck_plan_stage self; /* the front end's own command line */
    ck_key_options own; /* … parsed; its texts are self's */
    ck_list args;       /* INPUT OUT; borrowed strings, owned array */
    char **given;       /* the words of all options but --jobs and --shots; borrowed strings, owned array */
    int n_given;
} ck_plan;

/* Distribute argv (from "key" on) over the stages.  If no model was found (ck_checkpoint_find), the network's stages
 * are left out.  Every stage's command line is checked with its own table, before anything starts.  With --jobs that is
 * all; the arguments are then those of each shot. */
ck_status ck_plan_make(ck_plan *p, int argc, char **argv, ck_error *e);

/* The screen that options give: "green", "blue", or "auto". */
const char *ck_plan_screen(const ck_plan *p);

/* After the screen is known: take the model for it, if the model comes from a folder that has another for it. */
ck_status ck_plan_model_for(ck_plan *p, bool blue, ck_error *e);
bool ck_plan_has_two_models(const ck_plan *p); /* one for each screen */

/* Replace INPUT of the first stage by `input`. */
ck_status ck_plan_set_input(ck_plan *p, const char *input, ck_error *e);

/* True if the first stage, ck-decode, was given this option, or one that gives a file for another plane. */
bool ck_plan_decode_has(const ck_plan *p, const char *option);
bool ck_plan_decode_has_files(const ck_plan *p);

/* Before anything starts, check that INPUT and the files of other planes are footage and, if INPUT is a sequence, that
 * the frames of --frames exist; then they are counted.  Otherwise CK_ERR_ARGUMENT. */
ck_status ck_plan_check_input(ck_plan *p, ck_error *e);

/* Refuse names that two stills would share if each is keyed by a pipeline of its own. */
ck_status ck_plan_check_names(const ck_plan *p, const ck_sequence *stills, ck_error *e);

/* Print the pipeline on stdout as one line of shell. */
void ck_plan_print(const ck_plan *p);

/* --help (CK_HELP_BRIEF) and --help=all (CK_HELP_ALL) on stdout: the front end's options and the stages'. */
void ck_plan_help(int level);

void ck_plan_free(ck_plan *p);

#endif
