/* --quality: the inference size and the steps after it, in a word. */
#include "ck/plan_inside.h"

ck_status ck_plan_quality(ck_plan *p, ck_error *e)
{
    static const char *const size[] = {[CK_QUALITY_DRAFT] = "512", [CK_QUALITY_GOOD] = "1024"};
    static const struct {
        int stage;
        const char *option;
    } best[] = {{HINT, "--with-key"}, {REFINE, "--detail"}, {POST, "--unmix"}};
    ck_status s = CK_OK;
    if (p->own.quality == CK_QUALITY_AUTO || p->classical)
        return CK_OK;
    if (p->own.quality != CK_QUALITY_BEST)
        return ck_args_first(&p->stages[INFER], "--size=", size[p->own.quality], e);
    for (size_t i = 0; i < sizeof best / sizeof *best && s == CK_OK; i++)
        s = ck_args_first(&p->stages[best[i].stage], best[i].option, "", e);
    return s;
}
