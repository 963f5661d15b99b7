#include "ck-compare/options.h"

#define AT(field) offsetof(ck_compare_options, field)
static const ck_option rows[] = {
    {0, "truth-plane", CK_STRING, AT(truth_plane), "NAME", NULL, 0, 0, NULL, 0,
     "the true matte in the stream TRUTH; else true_alpha, alpha or hint, whichever is there first"},
    {0, "plane", CK_STRING, AT(plane), "NAME", NULL, 0, 0, NULL, 0,
     "the matte in the stream RESULT; else alpha or hint"},
    {0, "json", CK_FLAG, AT(json), NULL, NULL, 0, 0, NULL, 0,
     "write an object a frame and their mean instead of a table"},
    {0},
};

const ck_program ck_compare_program = {
    .name = "ck-compare",
    .summary = "how far a matte is from the true one",
    .usage = "TRUTH RESULT",
    .options = rows,
    .options_size = sizeof(ck_compare_options),
    .without = "threads keep-going ring-bytes",
    .examples = "ck-compare truth.ck result.ck\n"
                "ck-compare roto/ out/Matte\n"
                "ck-synth -n 8 > shot.ck; ck-hint --method key < shot.ck | ck-post --classical | ck-compare shot.ck -",
};
