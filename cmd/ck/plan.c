#include "ck/plan_inside.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/quote.h"
#include "base/cores.h"
#include "ck-decode/options.h"
#include "ck-encode/options.h"
#include "ck/events.h"

/* Shares of the cores, about as the stages use them on footage (bench/results/pipeline.md). */
static const int classical_shares[CK_STAGES] = {[DECODE] = 1, [HINT] = 4, [MATTE] = 1, [POST] = 4, [ENCODE] = 4};

static ck_status start_stages(ck_plan *p, ck_error *e)
{
    memcpy(p->stages, ck_plan_stages, sizeof ck_plan_stages);
    p->n = CK_STAGES;
    ck_status s = ck_args_push(&p->self, ck_key_program.name, "", e);
    for (int i = 0; i < CK_STAGES && s == CK_OK; i++)
        s = ck_args_push(&p->stages[i], ck_plan_stages[i].program->name, "", e);
    return s;
}

/* Cores of a stage without a --threads of its own, at least one.  The network's two stages take nearly all the time, so
 * each gets every core, and the system schedules them. */
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
        while (ck_plan_stages[stage].program != p->stages[i].program)
            stage++;
        snprintf(text, sizeof text, "%d", share(p, stage, cores));
        if (!ck_args_has(&p->stages[i], "threads"))
            s = ck_args_push(&p->stages[i], "--threads=", text, e);
    }
    return s;
}

static ck_status check_stages(const ck_plan *p, ck_error *e)
{
    for (int i = 0; i < p->n; i++) {
        const ck_program *prog = p->stages[i].program;
        void *opts = calloc(1, prog->options_size);
        if (!opts)
            return ck_fail(e, CK_ERR_MEMORY, "out of memory for options");
        ck_status s = ck_args_parse(&p->stages[i], opts, e);
        ck_options_free(prog, opts);
        free(opts);
        if (s != CK_OK)
            return ck_fail_in(e, s, prog->name);
    }
    return CK_OK;
}

/* Set *wants if ck-encode needs OUT, *streams if it writes to standard output.  Its command line has been checked. */
static ck_status wants_folder(const ck_plan_stage *encode, bool *wants, bool *streams, ck_error *e)
{
    ck_encode_options o;
    ck_status s = ck_args_parse(encode, &o, e);
    *wants = s != CK_OK || ck_encode_wants_folder(&o);
    *streams = s == CK_OK && ck_encode_streams(&o);
    ck_options_free(&ck_encode_program, &o);
    return s;
}

/* Give INPUT to the first stage and OUT to the last.  With --comp=- and no files, OUT is not needed. */
static ck_status place_arguments(ck_plan *p, ck_error *e)
{
    bool wants;
    ck_plan_stage *decode = &p->stages[0], *encode = &p->stages[p->n - 1];
    ck_status s = wants_folder(encode, &wants, &p->streams, e);
    if (s != CK_OK)
        return ck_fail_in(e, s, ck_encode_program.name);
    if (p->streams && (p->own.progress == CK_PROGRESS_JSON || p->own.progress_fd == STDOUT_FILENO))
        return ck_fail(e, CK_ERR_ARGUMENT, "--progress json and a stream both need standard output: choose one");
    s = ck_events_check(&p->own, e);
    if (s != CK_OK)
        return s;
    if (p->args.n > 2 || p->args.n < 1 + wants)
        return ck_fail(e, CK_ERR_ARGUMENT, "two arguments are needed, not %d: ck key INPUT OUT", p->args.n);
    s = ck_args_push(decode, "--", "", e);
    if (s == CK_OK)
        s = ck_args_push(decode, p->args.items[0], "", e);
    if (s == CK_OK && p->args.n > 1)
        s = ck_args_push(encode, "--", "", e);
    if (s == CK_OK && p->args.n > 1)
        s = ck_args_push(encode, p->args.items[1], "", e);
    return s;
}

/* Take the option argv[*i] and note its words in `given`. */
static ck_status take_option(ck_plan *p, int argc, char **argv, int *i, ck_error *e)
{
    int from = *i, own = p->self.argc;
    char name[64] = "";
    ck_status s = ck_plan_option(p, argc, argv, i, e);
    if (s == CK_OK && p->self.argc > own)
        ck_args_name(p->self.argv[own], name, sizeof name);
    if (s != CK_OK || !strcmp(name, "jobs") || !strcmp(name, "shots"))
        return s;
    for (; from <= *i; from++) {
        char **given = realloc(p->given, (size_t)(p->n_given + 1) * sizeof *given);
        if (!given)
            return ck_fail(e, CK_ERR_MEMORY, "out of memory for a command line");
        p->given = given;
        given[p->n_given++] = argv[from];
    }
    return CK_OK;
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
            s = take_option(p, argc, argv, &i, e);
        else
            s = ck_option_argument(argv[i], &p->args, e);
    }
    ck_list rest = {0};
    if (s == CK_OK)
        s = ck_options_parse(&ck_key_program, p->self.argc, p->self.argv, &p->own, &rest, e);
    free(rest.items);
    if (s != CK_OK || p->own.common.help || p->own.common.version)
        return s;
    if (p->own.jobs)
        return check_stages(p, e);
    s = ck_plan_choose(p, e);
    if (s == CK_OK)
        s = ck_plan_quality(p, e);
    if (s == CK_OK)
        s = ck_plan_matte(p, e);
    if (s == CK_OK)
        s = ck_plan_join(p, e);
    if (s == CK_OK)
        s = ck_plan_depth(p, e);
    if (s == CK_OK)
        s = share_threads(p, e);
    if (s == CK_OK)
        s = check_stages(p, e);
    return s == CK_OK ? place_arguments(p, e) : s;
}

ck_status ck_plan_set_input(ck_plan *p, const char *input, ck_error *e)
{
    ck_plan_stage *s = &p->stages[DECODE];
    free(s->argv[--s->argc]);
    s->argv[s->argc] = NULL;
    p->total = 1;
    return ck_args_push(s, input, "", e);
}

bool ck_plan_decode_has(const ck_plan *p, const char *option)
{
    return ck_args_has(&p->stages[DECODE], option);
}

bool ck_plan_decode_has_files(const ck_plan *p)
{
    const ck_plan_stage *s = &p->stages[DECODE];
    bool has = false;
    for (int k = 1; k < s->argc; k++) {
        char name[64];
        ck_args_name(s->argv[k], name, sizeof name);
        has |= ck_decode_option_gives_file(name);
    }
    return has;
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

void ck_plan_free(ck_plan *p)
{
    while (p->n)
        ck_plan_drop(p, p->n - 1);
    ck_args_free(&p->self);
    free(p->found);
    free(p->folder);
    free(p->given);
    free(p->args.items);
}
