/* The network's stages: left out without a model, joined in one program with --refine. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/* The stage's --model, or NULL. */
static const char *model_of(const ck_plan_stage *s)
{
    const char *last = NULL;
    for (int k = 1; k < s->argc; k++)
        if (!strncmp(s->argv[k], "--model=", 8))
            last = s->argv[k] + 8;
    return last;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return path && !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* In all stages, replace --model=FROM by --model=TO. */
static ck_status replace_model(ck_plan *p, const char *from, const char *to, ck_error *e)
{
    for (int i = 0; i < p->n; i++)
        for (int k = 1; k < p->stages[i].argc; k++) {
            char *word = p->stages[i].argv[k], *new;
            if (strncmp(word, "--model=", 8) || strcmp(word + 8, from))
                continue;
            if (asprintf(&new, "--model=%s", to) < 0)
                return ck_fail(e, CK_ERR_MEMORY, "out of memory for a command line");
            p->stages[i].argv[k] = new;
            free(word);
        }
    return CK_OK;
}

/* Take the model from the folder that --model names; the same for both stages. */
static ck_status choose_in_folder(ck_plan *p, const char *folder, ck_error *e)
{
    p->folder = strdup(folder);
    if (!p->folder)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a path");
    ck_status s = ck_checkpoint_find(p->folder, !strcmp(ck_plan_screen(p), "blue"), &p->found, e);
    return s == CK_OK ? replace_model(p, p->folder, p->found, e) : s;
}

ck_status ck_plan_choose(ck_plan *p, ck_error *e)
{
    p->asked = ck_args_has(&p->stages[POST], "classical");
    if (p->asked)
        return classical(p, e);
    const char *infer = model_of(&p->stages[INFER]), *refine = model_of(&p->stages[REFINE]);
    if (infer && refine && (is_folder(infer) || is_folder(refine)) && strcmp(infer, refine) != 0)
        return ck_fail(e, CK_ERR_ARGUMENT, "--model: ck-infer and ck-refine need one folder, or two files");
    if (infer && refine)
        return is_folder(infer) ? choose_in_folder(p, infer, e) : CK_OK;
    ck_status s = ck_checkpoint_find(NULL, !strcmp(ck_plan_screen(p), "blue"), &p->found, e);
    if (s != CK_OK)
        return s;
    if (!p->found)
        return classical(p, e);
    s = ck_args_first(&p->stages[INFER], "--model=", p->found, e);
    return s == CK_OK ? ck_args_first(&p->stages[REFINE], "--model=", p->found, e) : s;
}

ck_status ck_plan_model_for(ck_plan *p, bool blue, ck_error *e)
{
    char *path = NULL;
    if (!p->found)
        return CK_OK;
    ck_status s = ck_checkpoint_find(p->folder, blue, &path, e);
    if (s == CK_OK && !path)
        return CK_OK; /* removed meanwhile: the stages report it */
    if (s == CK_OK)
        s = replace_model(p, p->found, path, e);
    if (s != CK_OK) {
        free(path);
        return s;
    }
    free(p->found);
    p->found = path;
    return CK_OK;
}

bool ck_plan_has_two_models(const ck_plan *p)
{
    char *green = NULL, *blue = NULL;
    bool two = p->found && ck_checkpoint_find(p->folder, false, &green, NULL) == CK_OK &&
               ck_checkpoint_find(p->folder, true, &blue, NULL) == CK_OK && green && blue && strcmp(green, blue) != 0;
    free(green);
    free(blue);
    return two;
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
