#include "ck-post/options.h"

#include <limits.h>

#include "key/screen.h"
#include "stream/depth.h"

#define AT(field) offsetof(ck_post_program_options, field)
static const ck_option rows[] = {
    {0, "classical", CK_FLAG, AT(classical), NULL, NULL, 0, 0, NULL, 0,
     "key with the hint as the matte and the plate, its screen taken out, as the foreground"},
    {0, "unmix", CK_FLAG, AT(unmix), NULL, NULL, 0, 0, NULL, 0,
     "make the foreground anew: the plate, its screen taken out by the matte there is"},
    {0, "passthrough", CK_FLAG, AT(passthrough), NULL, NULL, 0, 0, NULL, 0,
     "take the plate's own colour where the matte is solid and no spill is near"},
    CK_DEPTH_ROW(ck_post_program_options, depth),
    {0, "despill", CK_FLOAT, AT(despill), "STRENGTH", "auto", 0, 1, "auto", CK_POST_AUTO,
     "how much of the screen's colour to take out; auto: 0.5, with --unmix and --classical 0.35"},
    {0, "despill-mode", CK_CHOICE, AT(despill_mode), NULL, "average", 0, 0, "average|max", 0,
     "limit the screen's channel to the average of the other two, or to the larger"},
    {0, "despeckle", CK_INT, AT(despeckle), "AREA", "auto", 0, INT_MAX, "auto|off", CK_POST_AUTO,
     "drop parts of the matte smaller than this many pixels; auto: 400, off with --classical"},
    CK_SCREEN_ROW(ck_post_program_options, screen),
    {0},
};

static ck_status check(const void *opts, ck_error *e)
{
    const ck_post_program_options *o = opts;
    return o->classical && o->unmix ? ck_fail(e, CK_ERR_ARGUMENT, "--classical unmixes by itself: leave --unmix out")
                                    : CK_OK;
}

const ck_program ck_post_program = {
    .name = "ck-post",
    .summary = "despeckle, despill, premultiply and composite",
    .usage = "",
    .options = rows,
    .options_size = sizeof(ck_post_program_options),
    .examples = "ck-decode shot.mov | ck-hint --method key | ck-post --classical | ck-encode out/\n"
                "ck-decode shot.mov | ck-hint | ck-infer | ck-refine | ck-post --despeckle off | ck-encode out/",
    .check = check,
};
