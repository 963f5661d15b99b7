/* The network's stages: left out without a model, joined in one program with --refine. */
#include <stdlib.h>
#include <string.h>

#include "ck/plan_inside.h"
#include "checkpoint/find.h"

/* Refuse options of a dropped stage that no other stage has. */
static ck_status refuse_options(const ck_plan_stage *s, const char *why, ck_error *e)
{
    for (int k = 1; k < s->argc; k++) {
        char name[64];
        ck_args_name(s->argv[k], name, sizeof name);
        bool elsewhere = !ck_args_has(s, name); /* cancelled by a later --no-NAME */
        for (int i = 0; i < CK_STAGES; i++)
            elsewhere |= i != INFER && i != REFINE && ck_option_find(ck_plan_stages[i].program, name);
        if (!elsewhere)
            return ck_fail(e, CK_ERR_ARGUMENT, "%s needs the network, %s", s->argv[k], why);
    }
    return CK_OK;
}

static ck_status classical(ck_plan *p, ck_error *e)
{
    p->classical = true;
    const char *why = p->asked ? "which --classical leaves out" : "but no model was found: give --model";
    if (ck_args_have(&p->stages[POST], "--no-classical"))
        return ck_fail(e, CK_ERR_ARGUMENT, "--no-classical needs the network, %s", why);
    ck_status s = refuse_options(&p->stages[INFER], why, e);
    if (s == CK_OK)
        s = refuse_options(&p->stages[REFINE], why, e);
    return s == CK_OK ? ck_args_first(&p->stages[HINT], "--method=key", "", e) : s;
}

ck_status ck_plan_choose(ck_plan *p, ck_error *e)
{
    p->asked = ck_args_has(&p->stages[POST], "classical");
    if (p->asked)
        return classical(p, e);
    if (ck_args_has(&p->stages[INFER], "model") && ck_args_has(&p->stages[REFINE], "model"))
        return CK_OK;
    ck_status s = ck_checkpoint_find(NULL, &p->found, e);
    if (s != CK_OK)
        return s;
    if (!p->found)
        return classical(p, e);
    s = ck_args_first(&p->stages[INFER], "--model=", p->found, e);
    return s == CK_OK ? ck_args_first(&p->stages[REFINE], "--model=", p->found, e) : s;
}

ck_status ck_plan_join(ck_plan *p, ck_error *e)
{
    ck_plan_stage *infer = &p->stages[INFER], *refine = &p->stages[REFINE];
    ck_status s = CK_OK;
    if (p->classical) {
        ck_plan_drop(p, REFINE);
        ck_plan_drop(p, INFER);
    }
    if (p->classical || !ck_args_has(infer, "refine"))
        return CK_OK;
    /* The last occurrence of an option wins, so put these before ck-infer's own; backwards, to keep their order. */
    for (int k = refine->argc - 1; k > 0 && s == CK_OK; k--) {
        char name[64];
        ck_args_name(refine->argv[k], name, sizeof name);
        if (ck_plan_refiners(name))
            s = ck_args_first(infer, refine->argv[k], "", e);
        else if (ck_args_has(refine, name) && !ck_args_have(infer, refine->argv[k]))
            s = ck_fail(e, CK_ERR_ARGUMENT, "%s is for ck-refine only: leave --refine out", refine->argv[k]);
    }
    if (s == CK_OK)
        ck_plan_drop(p, REFINE);
    return s;
}
