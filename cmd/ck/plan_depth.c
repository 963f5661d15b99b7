/* Bits of the planes that ck-post makes. */
#include <string.h>

#include "ck-encode/options.h"
#include "ck/plan_inside.h"
#include "io/display.h"

static bool half(int format)
{
    return format == CK_OUT_AUTO || format == CK_OUT_EXR || format == CK_OUT_OFF;
}

/* True if --plane asks for one of ck-post's floats in another format. */
static bool other_plane(const ck_list *planes)
{
    for (int i = 0; i < planes->n; i++) {
        const char *text = planes->items[i], *eq = strrchr(text, '=');
        bool made = !strncmp(text, "fg=", 3) || !strncmp(text, "processed=", 10);
        if (made && eq && strcmp(eq, "=exr") && strcmp(eq, "=off"))
            return true;
    }
    return false;
}

/* True if the files hold ck-post's samples as they are, rounded to halves. */
static bool halves(const ck_encode_options *o)
{
    return half(o->fg) && half(o->processed) && !other_plane(&o->planes) && !o->output_space &&
           (o->fg_encoding == CK_FG_AUTO || o->fg_encoding == CK_FG_SRGB) && o->alpha == CK_ALPHA_AUTO;
}

ck_status ck_plan_depth(ck_plan *p, ck_error *e)
{
    ck_plan_stage *post = &p->stages[p->n - 2], *encode = &p->stages[p->n - 1];
    ck_encode_options o;
    if (ck_args_has(post, "depth"))
        return CK_OK;
    /* Wrong options are reported later, with those of all stages. */
    bool fits = ck_args_parse(encode, &o, e) == CK_OK && halves(&o);
    ck_options_free(&ck_encode_program, &o);
    return fits ? ck_args_first(post, "--depth=", "16", e) : CK_OK;
}
