#include "ck/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/quote.h"
#include "base/thread.h"
#include "ck/advice.h"
#include "ck-decode/options.h"
#include "ck-encode/options.h"
#include "ck-hint/options.h"
#include "ck-infer/options.h"
#include "ck-post/options.h"
#include "ck-refine/options.h"
#include "model/find.h"

enum { DECODE, HINT, INFER, REFINE, POST, ENCODE };

static const ck_plan_stage stages[CK_STAGES] = {
    [DECODE] = {.program = &ck_decode_program, .name = "decode"},
    [HINT] = {.program = &ck_hint_program, .name = "hint"},
    [INFER] = {.program = &ck_infer_program, .name = "infer"},
    [REFINE] = {.program = &ck_refine_program, .name = "refine"},
    [POST] = {.program = &ck_post_program, .name = "post"},
    [ENCODE] = {.program = &ck_encode_program, .name = "encode"},
};

/* Shares of the cores, about as the stages use them on footage (bench/results/pipeline.md). */
static const int classical_shares[CK_STAGES] = {[DECODE] = 1, [HINT] = 4, [POST] = 4, [ENCODE] = 4};

static ck_status push(ck_plan_stage *s, const char *a, const char *b, ck_error *e)
{
    char **argv = realloc(s->argv, (size_t)(s->argc + 2) * sizeof *argv);
    if (argv) {
        s->argv = argv;
        argv[s->argc + 1] = NULL;
        argv[s->argc] = malloc(strlen(a) + strlen(b) + 1);
        if (argv[s->argc]) {
            strcpy(stpcpy(argv[s->argc++], a), b);
            return CK_OK;
        }
    }
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for a command line");
}

static ck_status push_option(ck_plan_stage *s, const ck_option *o, const char *value, ck_error *e)
{
    char name[80];
    snprintf(name, sizeof name, "--%s%s", o->name, value ? "=" : "");
    return push(s, name, value ? value : "", e);
}

static const ck_option *by_letter(const ck_option *rows, char letter)
{
    for (; rows->name; rows++)
        if (rows->letter == letter)
            return rows;
    return NULL;
}

/* The row that `name` (or `letter`) means to one stage. */
static const ck_option *lookup(const ck_program *p, const char *name, char letter)
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
    int stage;         /* named by --STAGE:name, -1 = every stage that has it */
} word;

/* Take "--STAGE:name=value", "--name=value" or "-nvalue" apart. */
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
        return ck_fail(e, CK_ERR_ARGUMENT, "unknown option '%s': see ck key --help", arg);
    memcpy(w->name, arg + 2, n);
    w->value = arg[2 + n] ? arg + 3 + n : NULL;
    char *colon = strchr(w->name, ':');
    if (!colon)
        return CK_OK;
    *colon = 0;
    for (int i = 0; i < CK_STAGES; i++)
        if (!strcmp(stages[i].name, w->name))
            w->stage = i;
    if (w->stage < 0)
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "no stage '%s' in '%s': the stages are decode, hint, infer, refine, "
                       "post, encode",
                       w->name, arg);
    memmove(w->name, colon + 1, strlen(colon + 1) + 1);
    return CK_OK;
}

/* What is for the front end: its own rows; and of those that all programs have, --threads, which it shares out, and
 * what is about the whole. */
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

/* ck-infer has these for --refine only, which settles where they go in the end. */
static bool is_refiners(const char *name)
{
    return !strcmp(name, "scale") || !strcmp(name, "native") || !strcmp(name, "detail") || !strcmp(name, "depth");
}

static ck_status route(ck_plan *p, const word *w, const ck_option *o, const char *value, ck_error *e)
{
    bool own = is_own(w, o);
    ck_status s = own || !strcmp(o->name, "keep-going") ? push_option(&p->self, o, value, e) : CK_OK;
    for (int i = 0; i < CK_STAGES && s == CK_OK && !own; i++) {
        bool wanted = w->stage < 0 ? i != INFER || !is_refiners(o->name) : w->stage == i;
        const ck_option *row = wanted ? lookup(stages[i].program, w->name, w->letter) : NULL;
        s = row ? push_option(&p->stages[i], row, value, e) : CK_OK;
    }
    return s;
}

static ck_status option(ck_plan *p, int argc, char **argv, int *i, ck_error *e)
{
    const char *arg = argv[*i];
    word w;
    ck_status s = take_apart(arg, &w, e);
    if (s != CK_OK)
        return s;
    const ck_option *o = w.stage < 0 ? lookup(&ck_key_program, w.name, w.letter) : NULL;
    for (int k = 0; k < CK_STAGES && !o; k++)
        o = w.stage < 0 || w.stage == k ? lookup(stages[k].program, w.name, w.letter) : NULL;
    if (!o)
        return ck_fail(e, CK_ERR_ARGUMENT, "unknown option '%s': see ck key --help", arg);
    if (o->type == CK_FLAG && w.value)
        return ck_fail(e, CK_ERR_ARGUMENT, "--%s takes no value, but '%s' gives one", o->name, arg);
    if (o->type != CK_FLAG && !w.value && *i + 1 < argc)
        w.value = argv[++*i];
    if (o->type != CK_FLAG && !w.value)
        return ck_fail(e, CK_ERR_ARGUMENT, "%s needs a value: see ck key --help", arg);
    return route(p, &w, o, w.value, e);
}

/* Whether the stage's command line has --OPTION, with a value or without. */
static bool stage_has(const ck_plan_stage *s, const char *option)
{
    size_t n = strlen(option);
    for (int k = 1; k < s->argc; k++)
        if (!strncmp(s->argv[k], "--", 2) && !strncmp(s->argv[k] + 2, option, n) &&
            (s->argv[k][2 + n] == '=' || !s->argv[k][2 + n]))
            return true;
    return false;
}

/* What the front end decides goes before what the user says, who may say otherwise. */
static ck_status push_first(ck_plan_stage *s, const char *a, const char *b, ck_error *e)
{
    ck_status st = push(s, a, b, e);
    if (st != CK_OK)
        return st;
    char *last = s->argv[s->argc - 1];
    memmove(s->argv + 2, s->argv + 1, (size_t)(s->argc - 2) * sizeof *s->argv);
    s->argv[1] = last;
    return CK_OK;
}

static ck_status start_stages(ck_plan *p, ck_error *e)
{
    memcpy(p->stages, stages, sizeof stages);
    p->n = CK_STAGES;
    ck_status s = push(&p->self, ck_key_program.name, "", e);
    for (int i = 0; i < CK_STAGES && s == CK_OK; i++)
        s = push(&p->stages[i], stages[i].program->name, "", e);
    return s;
}

/* An option that only the network's stages have is of no use without them. */
static ck_status refuse_options(const ck_plan_stage *s, ck_error *e)
{
    for (int k = 1; k < s->argc; k++) {
        char name[64];
        size_t n = strcspn(s->argv[k] + 2, "=");
        snprintf(name, sizeof name, "%.*s", (int)n, s->argv[k] + 2);
        bool elsewhere = false;
        for (int i = 0; i < CK_STAGES; i++)
            elsewhere |= i != INFER && i != REFINE && ck_option_find(stages[i].program, name);
        if (!elsewhere)
            return ck_fail(e, CK_ERR_ARGUMENT, "%s is for the network, but there is no model: name one with --model",
                           s->argv[k]);
    }
    return CK_OK;
}

static void free_words(ck_plan_stage *s)
{
    for (int k = 0; k < s->argc; k++)
        free(s->argv[k]);
    free(s->argv);
}

static void drop_stage(ck_plan *p, int i)
{
    free_words(&p->stages[i]);
    memmove(&p->stages[i], &p->stages[i + 1], (size_t)(p->n - i - 1) * sizeof *p->stages);
    p->n--;
}

static ck_status classical(ck_plan *p, ck_error *e)
{
    p->classical = true;
    ck_status s = refuse_options(&p->stages[INFER], e);
    if (s == CK_OK)
        s = refuse_options(&p->stages[REFINE], e);
    if (s == CK_OK)
        s = push_first(&p->stages[HINT], "--method=key", "", e);
    if (s == CK_OK && !p->asked)
        s = push_first(&p->stages[POST], "--classical", "", e);
    if (s == CK_OK) {
        drop_stage(p, REFINE);
        drop_stage(p, INFER);
    }
    return s;
}

/* The last value of an option, which counts, or NULL. */
static const char *value_of(const ck_plan_stage *s, const char *option)
{
    size_t n = strlen(option);
    const char *found = NULL;
    for (int k = 1; k < s->argc; k++)
        if (!strncmp(s->argv[k], "--", 2) && !strncmp(s->argv[k] + 2, option, n) && s->argv[k][2 + n] == '=')
            found = s->argv[k] + 3 + n;
    return found;
}

/* A word of the model's advice, for the stage whose business it is. */
static ck_status advise(ck_plan *p, const char *model, const char *word, ck_error *e)
{
    static const struct {
        const char *name;
        int stage;
    } allowed[] = {{"method", HINT}, {"size", INFER}, {"scale", REFINE}, {"detail", REFINE}, {"unmix", POST}};
    size_t n = strncmp(word, "--", 2) ? 0 : strcspn(word + 2, "=");
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (n == strlen(allowed[i].name) && !strncmp(word + 2, allowed[i].name, n))
            return push_first(&p->stages[allowed[i].stage], word, "", e);
    return ck_fail(e, CK_ERR_UNSUPPORTED, "%s: its metadata asks ck key for '%s', which is not a model's to choose",
                   model, word);
}

/* What the model's metadata asks for goes before what the user says. */
static ck_status take_advice(ck_plan *p, ck_error *e)
{
    const char *model = value_of(&p->stages[INFER], "model");
    char *text = NULL, *rest;
    ck_status s = model ? ck_advice_read(model, &text, e) : CK_OK;
    for (char *word = s == CK_OK && text ? strtok_r(text, " ", &rest) : NULL; word && s == CK_OK;
         word = strtok_r(NULL, " ", &rest))
        s = advise(p, model, word, e);
    free(text);
    return s;
}

/* With the network if there is a model, else without. */
static ck_status choose(ck_plan *p, ck_error *e)
{
    p->asked = stage_has(&p->stages[POST], "classical");
    if (p->asked)
        return classical(p, e);
    if (stage_has(&p->stages[INFER], "model") && stage_has(&p->stages[REFINE], "model"))
        return take_advice(p, e);
    ck_status s = ck_model_find(NULL, &p->found, e);
    if (s != CK_OK)
        return s;
    if (!p->found)
        return classical(p, e);
    s = push_first(&p->stages[INFER], "--model=", p->found, e);
    if (s == CK_OK)
        s = push_first(&p->stages[REFINE], "--model=", p->found, e);
    return s == CK_OK ? take_advice(p, e) : s;
}

static bool stage_has_word(const ck_plan_stage *s, const char *word)
{
    for (int k = 1; k < s->argc; k++)
        if (!strcmp(s->argv[k], word))
            return true;
    return false;
}

/* With --refine ck-infer does both halves: it gets the refiner's options, and the pipeline has no ck-refine. */
static ck_status join_halves(ck_plan *p, ck_error *e)
{
    ck_plan_stage *infer = &p->stages[INFER], *refine = &p->stages[REFINE];
    ck_status s = CK_OK;
    if (p->classical || !stage_has(infer, "refine"))
        return CK_OK;
    for (int k = 1; k < refine->argc && s == CK_OK; k++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(refine->argv[k] + 2, "="), refine->argv[k] + 2);
        if (is_refiners(name))
            s = push(infer, refine->argv[k], "", e);
        else if (!stage_has_word(infer, refine->argv[k]))
            s = ck_fail(e, CK_ERR_ARGUMENT, "%s is for ck-refine alone: leave --refine out", refine->argv[k]);
    }
    if (s == CK_OK)
        drop_stage(p, REFINE);
    return s;
}

/* How many of the cores a stage gets whose threads were not named, at least one.  The network takes nearly all the time
 * there is, now here, now there: both its stages get every core and the system shares them out. */
static int share(const ck_plan *p, int stage, int cores)
{
    if (!p->classical)
        return stage == INFER || stage == REFINE ? cores : 1;
    int sum = 0;
    for (int i = 0; i < CK_STAGES; i++)
        sum += classical_shares[i];
    int n = (cores * classical_shares[stage] + sum / 2) / sum;
    return n < 1 ? 1 : n;
}

static ck_status share_threads(ck_plan *p, ck_error *e)
{
    int cores = p->own.common.threads ? p->own.common.threads : ck_cores();
    ck_status s = CK_OK;
    for (int i = 0; i < p->n && s == CK_OK; i++) {
        char text[16];
        int stage = 0;
        while (stages[stage].program != p->stages[i].program)
            stage++;
        snprintf(text, sizeof text, "%d", share(p, stage, cores));
        if (!stage_has(&p->stages[i], "threads"))
            s = push(&p->stages[i], "--threads=", text, e);
    }
    return s;
}

static ck_status check_stages(const ck_plan *p, ck_error *e)
{
    for (int i = 0; i < p->n; i++) {
        const ck_program *prog = p->stages[i].program;
        ck_list args = {0};
        void *opts = calloc(1, prog->options_size);
        if (!opts)
            return ck_fail(e, CK_ERR_MEMORY, "out of memory for options");
        ck_status s = ck_options_parse(prog, p->stages[i].argc, p->stages[i].argv, opts, &args, e);
        ck_options_free(prog, opts);
        free(args.items);
        free(opts);
        if (s != CK_OK)
            return ck_fail_in(e, s, prog->name);
    }
    return CK_OK;
}

/* INPUT to the first stage, OUT (which --comp=- makes unnecessary) to the last. */
static ck_status place_arguments(ck_plan *p, ck_error *e)
{
    bool to_stdout = false;
    ck_plan_stage *decode = &p->stages[0], *encode = &p->stages[p->n - 1];
    for (int k = 1; k < encode->argc; k++) {
        const char *a = encode->argv[k];
        to_stdout |= strlen(a) > 2 && !strcmp(a + strlen(a) - 2, "=-");
    }
    if (to_stdout && p->own.progress == CK_PROGRESS_JSON)
        return ck_fail(e, CK_ERR_ARGUMENT, "--progress json and a stream both want standard output: choose one");
    if (p->args.n > 2 || p->args.n < 2 - to_stdout)
        return ck_fail(e, CK_ERR_ARGUMENT, "%d arguments where INPUT and OUT are needed: ck key INPUT OUT", p->args.n);
    ck_status s = push(decode, "--", "", e);
    if (s == CK_OK)
        s = push(decode, p->args.items[0], "", e);
    if (s == CK_OK && p->args.n > 1)
        s = push(encode, "--", "", e);
    if (s == CK_OK && p->args.n > 1)
        s = push(encode, p->args.items[1], "", e);
    return s;
}

ck_status ck_plan_make(ck_plan *p, int argc, char **argv, ck_error *e)
{
    *p = (ck_plan){0};
    ck_status s = start_stages(p, e);
    bool plain = false;
    for (int i = 1; i < argc && s == CK_OK; i++) {
        if (!plain && !strcmp(argv[i], "--"))
            plain = true;
        else if (!plain && argv[i][0] == '-' && argv[i][1])
            s = option(p, argc, argv, &i, e);
        else if (!ck_list_add(&p->args, argv[i]))
            s = ck_fail(e, CK_ERR_MEMORY, "out of memory for arguments");
    }
    ck_list rest = {0};
    if (s == CK_OK)
        s = ck_options_parse(&ck_key_program, p->self.argc, p->self.argv, &p->own, &rest, e);
    free(rest.items);
    if (s != CK_OK || p->own.common.help || p->own.common.version)
        return s;
    s = choose(p, e);
    if (s == CK_OK)
        s = join_halves(p, e);
    if (s == CK_OK)
        s = share_threads(p, e);
    if (s == CK_OK)
        s = place_arguments(p, e);
    return s == CK_OK ? check_stages(p, e) : s;
}

ck_status ck_plan_set_input(ck_plan *p, const char *input, ck_error *e)
{
    ck_plan_stage *s = &p->stages[DECODE];
    free(s->argv[--s->argc]);
    s->argv[s->argc] = NULL;
    return push(s, input, "", e);
}

bool ck_plan_decode_has(const ck_plan *p, const char *option)
{
    return stage_has(&p->stages[DECODE], option);
}

void ck_plan_print(const ck_plan *p)
{
    for (int i = 0; i < p->n; i++) {
        printf("%s", i ? " | " : "");
        for (int k = 0; k < p->stages[i].argc; k++) {
            if (k)
                putchar(' ');
            ck_quote_print(stdout, p->stages[i].argv[k]);
        }
    }
    putchar('\n');
}

void ck_plan_help(void)
{
    printf("\nAn option goes to every stage that has it, --STAGE:OPTION to one (--encode:threads 4).\n");
    for (int i = 0; i < CK_STAGES; i++) {
        printf("\nOptions of %s (--%s:...):\n", stages[i].program->name, stages[i].name);
        ck_options_rows(stages[i].program->options, stdout);
    }
}

void ck_plan_free(ck_plan *p)
{
    while (p->n)
        drop_stage(p, p->n - 1);
    free_words(&p->self);
    free(p->found);
    free(p->args.items);
}
