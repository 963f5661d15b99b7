#include "ck-compare/options.h"

#define AT(field) offsetof(ck_compare_options, field)
static const ck_option rows[] = {
    {0, "truth-plane", CK_STRING, AT(truth_plane), "NAME", NULL, 0, 0, NULL, 0,
     "true matte in TRUTH (default: the first of true_alpha, alpha, hint)", CK_IN_HELP},
    {0, "plane", CK_STRING, AT(plane), "NAME", NULL, 0, 0, NULL, 0,
     "matte in RESULT (default: the first of alpha, hint)", CK_IN_HELP},
    {0, "json", CK_FLAG, AT(json), NULL, NULL, 0, 0, NULL, 0, "print JSON: one object per frame, then their mean",
     CK_IN_HELP},
    {0},
};

const ck_program ck_compare_program = {
    .name = "ck-compare",
    .summary = "measure the error of a matte against the true one",
    .usage = "TRUTH RESULT",
    .options = rows,
    .options_size = sizeof(ck_compare_options),
    .without = "threads keep-going ring-bytes",
    .examples = "ck-compare roto/ out/Matte\n"
                "ck-synth -n 8 > shot.ck; ck-hint --method key < shot.ck |\n"
                "  ck-post --classical | ck-compare shot.ck -\n"
                "ck-compare truth.ck result.ck",
};
