#include "ck-synth/options.h"

#include <limits.h>

#define AT(field) offsetof(ck_synth_options, field)
static const ck_option rows[] = {
    {'g', "size", CK_SIZE, AT(size), "WxH", "1920x1080", 16, 16384, NULL, 0, "plate size in pixels", CK_IN_HELP},
    {'n', "frames", CK_INT, AT(frames), "FRAMES", "1", 1, INT_MAX, NULL, 0, "number of frames, 24 per second",
     CK_IN_HELP | CK_RUN_ONLY},
    {0, "seed", CK_INT, AT(seed), "N", "1", 0, INT_MAX, NULL, 0, "random seed; each number is another shot",
     CK_IN_HELP},
    {0, "blue", CK_FLAG, AT(blue), NULL, NULL, 0, 0, NULL, 0, "draw a blue screen instead of a green one", CK_IN_HELP},
    {0},
};

const ck_program ck_synth_program = {
    .name = "ck-synth",
    .summary = "draw a test shot with known matte and foreground",
    .usage = "",
    .options = rows,
    .options_size = sizeof(ck_synth_options),
    .examples = "ck-synth -g 1280x720 -n 48 | ck-hint --method key | ck-post --classical |\n"
                "  ck-encode out/\n"
                "ck-synth --seed 7 --blue |\n"
                "  ck-encode --plane rgb=png --plane true_alpha=png16 shot/",
};
