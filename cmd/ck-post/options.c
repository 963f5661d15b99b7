#include "ck-post/options.h"

#include <limits.h>

#include "key/screen.h"
#include "stream/depth.h"

#define AT(field) offsetof(ck_post_program_options, field)
static const ck_option rows[] = {
    {0, "classical", CK_FLAG, AT(classical), NULL, NULL, 0, 0, NULL, 0, "key without a network: the hint is the matte",
     CK_IN_KEY},
    {0, "unmix", CK_FLAG, AT(unmix), NULL, NULL, 0, 0, NULL, 0,
     "make the foreground from the plate: subtract the screen by the matte", CK_IN_HELP},
    {0, "passthrough", CK_FLAG, AT(passthrough), NULL, NULL, 0, 0, NULL, 0,
     "take the plate's colour where the matte is solid and no spill is near", CK_IN_HELP},
    CK_DEPTH_ROW(ck_post_program_options, depth),
    {0, "despill", CK_FLOAT, AT(despill), "STRENGTH", "auto", 0, 1, "auto", CK_POST_AUTO,
     "strength; auto: 0.5, unmixed 0.35", CK_IN_KEY},
    {0, "despill-mode", CK_CHOICE, AT(despill_mode), NULL, "average", 0, 0, "average|max", 0,
     "limit of the screen's channel: average or maximum of the other two", CK_IN_ALL},
    {0, "despeckle", CK_INT, AT(despeckle), "AREA", "auto", 0, INT_MAX, "auto|off", CK_POST_AUTO,
     "remove parts of the matte smaller than AREA pixels; auto: 400, off with --classical", CK_IN_KEY},
    {0, "view", CK_STRING, AT(view), "NAME", NULL, 0, 0, NULL, 0,
     "make comp by a view of the OpenColorIO config: VIEW or DISPLAY/VIEW", CK_IN_HELP},
    CK_OCIO_ROW(ck_post_program_options, ocio_config),
    CK_SCREEN_ROW(ck_post_program_options, screen),
    {0},
};

static ck_status check(const void *opts, ck_error *e)
{
    const ck_post_program_options *o = opts;
    return o->classical && o->unmix ? ck_fail(e, CK_ERR_ARGUMENT, "--classical includes --unmix: leave --unmix out")
                                    : CK_OK;
}

const ck_program ck_post_program = {
    .name = "ck-post",
    .summary = "despeckle, despill, premultiply and composite",
    .usage = "",
    .options = rows,
    .options_size = sizeof(ck_post_program_options),
    .examples = "ck-decode shot.mov | ck-hint --method key | ck-post --classical |\n"
                "  ck-encode out/\n"
                "ck-decode shot.mov | ck-hint | ck-infer | ck-refine |\n"
                "  ck-post --despeckle off | ck-encode out/",
    .check = check,
};
