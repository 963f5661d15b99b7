/* ck-matte's place in the plan. */
#include <stdlib.h>
#include <string.h>

#include "ck-matte/options.h"
#include "ck-post/options.h"
#include "ck/plan_inside.h"

/* True if ck-decode is to add a plane that ck-matte reads. */
static bool masked(const ck_plan_stage *decode)
{
    static const char *const words[] = {"--garbage=", "--holdout=", "--plate-alpha",
                                        "--input=garbage=", "--input=holdout="};
    for (int k = 1; k < decode->argc; k++)
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (!strncmp(decode->argv[k], words[i], strlen(words[i])))
                return true;
    return false;
}

/* True if an option is given that ck-post does not have.  Options of both, such as --depth, are no reason to run
 * ck-matte. */
static bool asked(const ck_plan_stage *s)
{
    bool any = false;
    for (int k = 1; k < s->argc; k++) {
        char name[64];
        any |= ck_args_name(s->argv[k], name, sizeof name) && ck_option_find(s->program, name) &&
               !ck_option_find(&ck_post_program, name);
    }
    return any;
}

/* Split `ck-post --classical` into ck-matte --from hint and ck-post --unmix, so that options of ck-matte apply in
 * between and --despeckle affects Matte as well as Processed. */
static ck_status classical(ck_plan *p, ck_error *e)
{
    ck_plan_stage *matte = &p->stages[MATTE], *post = &p->stages[POST];
    char *area = NULL, *none = NULL;
    ck_status s = ck_args_take(post, "despeckle", &area, e);
    if (s == CK_OK && area && strcmp(area, "auto") != 0)
        s = ck_args_first(matte, "--specks=", area, e);
    if (s == CK_OK)
        s = ck_args_first(matte, "--from=", "hint", e);
    if (s == CK_OK)
        s = ck_args_take(post, "classical", &none, e);
    if (s == CK_OK)
        s = ck_args_first(post, "--despeckle=", "off", e);
    if (s == CK_OK)
        s = ck_args_first(post, "--unmix", "", e);
    free(area);
    free(none);
    return s;
}

ck_status ck_plan_matte(ck_plan *p, ck_error *e)
{
    if (p->classical)
        return classical(p, e);
    if (!asked(&p->stages[MATTE]) && !masked(&p->stages[DECODE]))
        ck_plan_drop(p, MATTE);
    return CK_OK;
}
