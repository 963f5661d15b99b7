#include "ck-matte/options.h"

#include <limits.h>

#include "image/grow.h"
#include "image/soften.h"
#include "stream/depth.h"

#define AT(field) offsetof(ck_matte_program_options, field)
static const ck_option rows[] = {
    {0, "from", CK_STRING, AT(from), "PLANE", NULL, 0, 0, NULL, 0,
     "make the matte of this plane, such as hint or key, at the plate's size"},
    CK_DEPTH_ROW(ck_matte_program_options, depth),
    {0, "black", CK_FLOAT, AT(black), "VALUE", "0", 0, 1, NULL, 0, "clip: this value of the matte becomes 0"},
    {0, "white", CK_FLOAT, AT(white), "VALUE", "1", 0, 1, NULL, 0, "clip: this value of the matte becomes 1"},
    {0, "gamma", CK_FLOAT, AT(gamma), "VALUE", "1", 0.1, 10, NULL, 0,
     "raise soft parts of the matte (above 1) or lower them (below 1)"},
    {0, "fill", CK_INT, AT(fill), "AREA", "off", 0, INT_MAX, "off", 0,
     "fill holes in the subject of up to this many pixels"},
    {0, "specks", CK_INT, AT(specks), "AREA", "off", 0, INT_MAX, "off", 0,
     "drop parts of the matte smaller than this many pixels, before anything is made of it"},
    {0, "grow", CK_FLOAT, AT(grow), "PIXELS", "0", -CK_MAX_GROW, CK_MAX_GROW, NULL, 0,
     "move edges outwards, or inwards if negative, by parts of a pixel too"},
    {0, "soften", CK_FLOAT, AT(soften), "PIXELS", "0", 0, CK_MAX_SOFTEN, NULL, 0, "blur with a Gaussian of this sigma"},
    {0},
};

static ck_status check(const void *opts, ck_error *e)
{
    const ck_matte_program_options *o = opts;
    return o->black < o->white ? CK_OK
                               : ck_fail(e, CK_ERR_ARGUMENT, "--black %g is not below --white %g", o->black, o->white);
}

const ck_program ck_matte_program = {
    .name = "ck-matte",
    .summary = "clip, fill, despeckle, grow, shrink and soften the matte; garbage and holdout mattes",
    .usage = "",
    .options = rows,
    .options_size = sizeof(ck_matte_program_options),
    .examples =
        "ck-decode shot.mov | ck-hint | ck-infer | ck-refine | ck-matte --grow -0.5 | ck-post | ck-encode out/\n"
        "ck-decode shot.mov | ck-hint --method key | ck-matte --from hint | ck-post --unmix | "
        "ck-encode out/",
    .check = check,
};
