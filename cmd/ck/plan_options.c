/* Assignment of options to stages. */
#include <string.h>

#include "ck/plan_inside.h"
#include "ck-refine/options.h"

static const ck_option *by_letter(const ck_option *rows, char letter)
{
    for (; rows->name; rows++)
        if (rows->letter == letter)
            return rows;
    return NULL;
}

const ck_option *ck_plan_lookup(const ck_program *p, const char *name, char letter)
{
    if (!letter)
        return ck_option_find(p, name);
    const ck_option *o = by_letter(p->options, letter);
    return o ? o : by_letter(ck_common_options, letter);
}

typedef struct word {
    char name[64];
    char letter;
    const char *value; /* attached, or NULL */
    bool back;         /* "--no-name" */
    int stage;         /* named by --STAGE:name, -1 = every stage that has it */
} word;

/* Split "--STAGE:name=value", "--name=value" or "-nvalue". */
static ck_status take_apart(const char *arg, word *w, ck_error *e)
{
    *w = (word){.stage = -1};
    if (arg[1] != '-') {
        w->letter = arg[1];
        w->value = arg[2] ? arg + 2 : NULL;
        return CK_OK;
    }
    size_t n = strcspn(arg + 2, "=");
    if (n >= sizeof w->name)
        return ck_fail(e, CK_ERR_ARGUMENT, "unknown option '%s': see ck key --help=all", arg);
    memcpy(w->name, arg + 2, n);
    w->value = arg[2 + n] ? arg + 3 + n : NULL;
    char *colon = strchr(w->name, ':');
    if (!colon)
        return CK_OK;
    *colon = 0;
    for (int i = 0; i < CK_STAGES; i++)
        if (!strcmp(ck_plan_stages[i].name, w->name))
            w->stage = i;
    if (w->stage < 0)
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "no stage '%s' in '%s': the stages are decode, hint, infer, refine, "
                       "matte, post, encode",
                       w->name, arg);
    memmove(w->name, colon + 1, strlen(colon + 1) + 1);
    return CK_OK;
}

/* True for an option that `ck key` handles itself: its own, and common ones that concern the whole run, such as
 * --threads, which it shares out. */
static bool is_own(const word *w, const ck_option *o)
{
    static const char *const common[] = {"threads", "trace", "help", "version"};
    bool own = false;
    for (const ck_option *r = ck_key_program.options; r->name; r++)
        own |= r == o;
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        own |= !strcmp(o->name, common[i]);
    return own && w->stage < 0;
}

bool ck_plan_refiners(const char *name)
{
    static const ck_option finals[] = {CK_FINALS_ROWS(ck_refine_options), {0}};
    for (const ck_option *o = finals; o->name; o++)
        if (!strcmp(o->name, name))
            return true;
    return false;
}

static ck_status route(ck_plan *p, const word *w, const ck_option *o, const char *value, ck_error *e)
{
    bool own = is_own(w, o);
    bool shared = !strcmp(o->name, "keep-going") || (!strcmp(o->name, "quiet") && w->stage < 0);
    ck_status s = own || shared ? ck_args_option(&p->self, o, value, w->back, e) : CK_OK;
    for (int i = 0; i < CK_STAGES && s == CK_OK && !own; i++) {
        bool wanted = w->stage < 0 ? i != INFER || !ck_plan_refiners(o->name) : w->stage == i;
        const ck_option *row = wanted ? ck_plan_lookup(ck_plan_stages[i].program, w->name, w->letter) : NULL;
        s = row ? ck_args_option(&p->stages[i], row, value, w->back, e) : CK_OK;
    }
    return s;
}

/* The option that the word names: ck key's own, else the first stage's that has it, or NULL. */
static const ck_option *find(const word *w)
{
    const ck_option *o = w->stage < 0 ? ck_plan_lookup(&ck_key_program, w->name, w->letter) : NULL;
    for (int k = 0; k < CK_STAGES && !o; k++)
        o = w->stage < 0 || w->stage == k ? ck_plan_lookup(ck_plan_stages[k].program, w->name, w->letter) : NULL;
    return o;
}

static const ck_option *find_taken_back(word *w)
{
    const char *name = w->letter || w->value ? NULL : ck_option_taken_back(w->name);
    if (!name)
        return NULL;
    memmove(w->name, name, strlen(name) + 1);
    w->back = true;
    const ck_option *o = find(w);
    return o && o->type == CK_FLAG ? o : NULL;
}

static ck_status unknown(const word *w, const char *arg, ck_error *e)
{
    ck_near near = {.typed = w->name, .n = strlen(w->name)};
    if (!w->letter && w->stage < 0)
        ck_option_try(&near, &ck_key_program);
    for (int k = 0; k < CK_STAGES && !w->letter; k++)
        if (w->stage < 0 || w->stage == k)
            ck_option_try(&near, ck_plan_stages[k].program);
    const char *stage = w->stage < 0 ? "" : ck_plan_stages[w->stage].name;
    return near.name ? ck_fail(e, CK_ERR_ARGUMENT, "unknown option '%s': did you mean --%s%s%s? See ck key --help=all",
                               arg, stage, *stage ? ":" : "", near.name)
                     : ck_fail(e, CK_ERR_ARGUMENT, "unknown option '%s': see ck key --help=all", arg);
}

ck_status ck_plan_option(ck_plan *p, int argc, char **argv, int *i, ck_error *e)
{
    const char *arg = argv[*i];
    word w;
    ck_status s = take_apart(arg, &w, e);
    if (s != CK_OK)
        return s;
    const ck_option *o = find(&w);
    o = o ? o : find_taken_back(&w);
    if (!o)
        return unknown(&w, arg, e);
    s = ck_option_current(o, e);
    if (s != CK_OK)
        return s;
    if (o->type == CK_FLAG && w.value)
        return ck_fail(e, CK_ERR_ARGUMENT, "--%s takes no value, but '%s' gives one", o->name, arg);
    if (ck_option_takes_value(o) && !w.value && *i + 1 < argc)
        w.value = argv[++*i];
    if (ck_option_takes_value(o) && !w.value)
        return ck_fail(e, CK_ERR_ARGUMENT, "%s needs a value: see ck key --help", arg);
    return route(p, &w, o, w.value, e);
}
