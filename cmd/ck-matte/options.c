#include "ck-matte/options.h"

#include <limits.h>

#include "image/grow.h"
#include "image/soften.h"
#include "stream/depth.h"

#define AT(field) offsetof(ck_matte_program_options, field)
static const ck_option rows[] = {
    {0, "from", CK_STRING, AT(from), "PLANE", NULL, 0, 0, NULL, 0,
     "make the matte from this plane, such as hint or key, at plate size", CK_IN_HELP},
    CK_DEPTH_ROW(ck_matte_program_options, depth),
    {0, "black", CK_FLOAT, AT(black), "VALUE", "0", 0, 1, NULL, 0, "clip: this value of the matte becomes 0",
     CK_IN_KEY},
    {0, "white", CK_FLOAT, AT(white), "VALUE", "1", 0, 1, NULL, 0, "clip: this value of the matte becomes 1",
     CK_IN_KEY},
    {0, "gamma", CK_FLOAT, AT(gamma), "VALUE", "1", 0.1, 10, NULL, 0,
     "gamma of the matte: above 1 raises soft parts, below 1 lowers them", CK_IN_HELP},
    {0, "fill", CK_INT, AT(fill), "AREA", "off", 0, INT_MAX, "off", 0, "fill holes of up to AREA pixels in the subject",
     CK_IN_HELP},
    {0, "specks", CK_INT, AT(specks), "AREA", "off", 0, INT_MAX, "off", 0,
     "remove parts smaller than AREA pixels, after --black, --white, --gamma and --fill", CK_IN_HELP},
    {0, "grow", CK_FLOAT, AT(grow), "PIXELS", "0", -CK_MAX_GROW, CK_MAX_GROW, NULL, 0,
     "grow the matte; shrink it if negative", CK_IN_KEY},
    {0, "soften", CK_FLOAT, AT(soften), "PIXELS", "0", 0, CK_MAX_SOFTEN, NULL, 0, "sigma of a Gaussian blur",
     CK_IN_HELP},
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
    .summary = "clip, fill, despeckle, grow and soften the matte; apply masks",
    .usage = "",
    .options = rows,
    .options_size = sizeof(ck_matte_program_options),
    .examples = "ck-decode shot.mov | ck-hint | ck-infer | ck-refine |\n"
                "  ck-matte --grow -0.5 | ck-post | ck-encode out/\n"
                "ck-decode shot.mov | ck-hint --method key | ck-matte --from hint |\n"
                "  ck-post --unmix | ck-encode out/",
    .check = check,
};
