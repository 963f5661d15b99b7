#include "ck/jobs_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/cores.h"
#include "base/quote.h"
#include "ck/args.h"

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for a list of shots");
}

/* "LIST:LINE: " before the text. */
static ck_status fail_at(const ck_plan *p, const ck_jobs_shot *shot, ck_status s, ck_error *e)
{
    char *where;
    if (asprintf(&where, "%s:%d", p->own.jobs, shot->number) < 0)
        return s;
    ck_fail_in(e, s, where);
    free(where);
    return s;
}

/* Append a line, without its end, unless it is empty or a comment. */
static ck_status take_line(ck_jobs_list *s, char *line, size_t n, int number, ck_error *e)
{
    ck_jobs_shot shot = {.number = number, .status = -1};
    bool nul = strlen(line) < n;
    line[strcspn(line, "\r\n")] = 0;
    const char *first = line + strspn(line, " \t");
    if (!nul && (!*first || *first == '#'))
        return CK_OK;
    ck_jobs_shot *items = realloc(s->items, (size_t)(s->n + 1) * sizeof *items);
    if (items)
        s->items = items;
    shot.line = strdup(line);
    if (!items || !shot.line) {
        free(shot.line);
        return no_memory(e);
    }
    s->items[s->n++] = shot;
    return nul ? ck_fail(e, CK_ERR_ARGUMENT, "the line has a NUL byte") : CK_OK;
}

static ck_status read_lines(ck_jobs_list *s, const ck_plan *p, ck_error *e)
{
    bool standard = !strcmp(p->own.jobs, "-");
    FILE *f = standard ? stdin : fopen(p->own.jobs, "re");
    if (!f) {
        ck_fail_errno(e, "cannot open the list");
        return ck_fail_in(e, CK_ERR_IO, p->own.jobs);
    }
    char *line = NULL;
    size_t size = 0;
    ck_status st = CK_OK;
    ssize_t n;
    for (int number = 1; st == CK_OK && (n = getline(&line, &size, f)) > 0; number++) {
        st = take_line(s, line, (size_t)n, number, e);
        if (st == CK_ERR_ARGUMENT)
            fail_at(p, &s->items[s->n - 1], st, e);
    }
    if (st == CK_OK && ferror(f)) {
        ck_fail_errno(e, "cannot read the list");
        st = ck_fail_in(e, CK_ERR_IO, p->own.jobs);
    }
    free(line);
    if (!standard)
        fclose(f);
    return st;
}

/* Refuse options that several shots cannot share, and options that a line cannot have (`line`). */
static ck_status refuse_own(const ck_plan *p, bool line, ck_error *e)
{
    if (p->own.progress == CK_PROGRESS_JSON || p->own.progress_fd)
        return ck_fail(e, CK_ERR_ARGUMENT, "--progress json and --progress-fd are for a single shot, not for --jobs");
    if (!line && p->own.report)
        return ck_fail(e, CK_ERR_ARGUMENT, "--report is about one shot: give it in its line of --jobs");
    if (!line && (p->own.common.trace || p->own.profile))
        return ck_fail(e, CK_ERR_ARGUMENT, "--trace and --profile measure one shot: give them in its line of --jobs");
    if (line && (ck_args_has(&p->self, "jobs") || ck_args_has(&p->self, "shots")))
        return ck_fail(e, CK_ERR_ARGUMENT, "--jobs and --shots cannot be in a line of --jobs");
    if (line && (p->own.common.help || p->own.common.version))
        return ck_fail(e, CK_ERR_ARGUMENT, "--help and --version cannot be in a line of --jobs");
    return CK_OK;
}

/* The path without links, as far as it exists, and without repeated or trailing slashes; owned, or NULL. */
static char *absolute(const char *path)
{
    char *head = strdup(path), *real = head ? realpath(*head ? head : ".", NULL) : NULL, *result = NULL;
    size_t cut = head ? strlen(head) : 0;
    while (head && !real && cut) {
        while (cut && head[cut - 1] == '/')
            cut--;
        while (cut && head[cut - 1] != '/')
            cut--;
        head[cut] = 0;
        real = realpath(cut ? head : ".", NULL);
    }
    if (real && (result = malloc(strlen(real) + strlen(path) + 2))) {
        char *to = stpcpy(result, strcmp(real, "/") ? real : "");
        for (const char *p = path + cut; *p;) {
            size_t n = strcspn(p, "/");
            if (n && !(n == 1 && *p == '.'))
                to += sprintf(to, "/%.*s", (int)n, p);
            p += n + (p[n] == '/');
        }
    }
    free(head);
    free(real);
    return result;
}

/* Build the command line: --threads with the shot's share of the cores, the options of `p`, the line's words. */
static ck_status build(ck_jobs_list *s, ck_jobs_shot *shot, const ck_plan *p, ck_error *e)
{
    static char ck[] = "ck", key[] = "key";
    int n, k = 0;
    ck_status st = ck_quote_split(shot->line, &shot->words, &n, e);
    if (st != CK_OK)
        return st;
    shot->argv = calloc((size_t)(p->n_given + n + 4), sizeof *shot->argv);
    if (!shot->argv)
        return no_memory(e);
    shot->argv[k++] = ck;
    shot->argv[k++] = key;
    shot->argv[k++] = s->threads;
    for (int i = 0; i < p->n_given; i++)
        shot->argv[k++] = p->given[i];
    memcpy(shot->argv + k, shot->words, (size_t)n * sizeof *shot->words);
    return CK_OK;
}

static ck_status check(ck_jobs_shot *shot, ck_error *e)
{
    ck_plan plan;
    int argc = 0;
    while (shot->argv[argc])
        argc++;
    ck_status st = ck_plan_make(&plan, argc - 1, shot->argv + 1, e);
    if (st == CK_OK)
        st = refuse_own(&plan, true, e);
    if (st == CK_OK && plan.streams)
        st = ck_fail(e, CK_ERR_ARGUMENT, "no output can go to standard output, which all shots share");
    if (st == CK_OK && !strcmp(plan.args.items[0], "-"))
        st = ck_fail(e, CK_ERR_ARGUMENT, "INPUT cannot be standard input, which all shots share");
    if (st == CK_OK) {
        shot->input = strdup(plan.args.items[0]);
        shot->out = absolute(plan.args.items[1]);
        if (!shot->input || !shot->out)
            st = no_memory(e);
    }
    ck_plan_free(&plan);
    return st;
}

static int by_out(const void *a, const void *b)
{
    const ck_jobs_shot *x = *(const ck_jobs_shot *const *)a, *y = *(const ck_jobs_shot *const *)b;
    int order = strcmp(x->out, y->out);
    return order ? order : x->number - y->number;
}

static ck_status refuse_same_out(const ck_jobs_list *s, const ck_plan *p, ck_error *e)
{
    const ck_jobs_shot **sorted = s->n > 0 ? calloc((size_t)s->n, sizeof *sorted) : NULL;
    if (!sorted)
        return no_memory(e);
    for (int i = 0; i < s->n; i++)
        sorted[i] = &s->items[i];
    qsort(sorted, (size_t)s->n, sizeof *sorted, by_out);
    ck_status st = CK_OK;
    for (int i = 1; i < s->n && st == CK_OK; i++)
        if (!strcmp(sorted[i - 1]->out, sorted[i]->out)) {
            st = ck_fail(e, CK_ERR_ARGUMENT, "%s is OUT of line %d too: give each shot its own", sorted[i]->out,
                         sorted[i - 1]->number);
            fail_at(p, sorted[i], st, e);
        }
    free(sorted);
    return st;
}

ck_status ck_jobs_list_read(ck_jobs_list *s, const ck_plan *p, ck_error *e)
{
    *s = (ck_jobs_list){0};
    ck_status st = refuse_own(p, false, e);
    if (st == CK_OK && p->args.n)
        st = ck_fail(e, CK_ERR_ARGUMENT, "unexpected argument '%s': INPUT and OUT are in the list of --jobs",
                     p->args.items[0]);
    if (st == CK_OK)
        st = read_lines(s, p, e);
    if (st == CK_OK && !s->n)
        st =
            ck_fail(e, CK_ERR_ARGUMENT, "%s: the list has no shot: write INPUT OUT [OPTION...] on a line", p->own.jobs);
    if (st != CK_OK)
        return st;
    s->at_once = p->own.shots < s->n ? p->own.shots : s->n;
    int cores = ck_cores() / s->at_once;
    snprintf(s->threads, sizeof s->threads, "--threads=%d", cores < 1 ? 1 : cores);
    for (int i = 0; i < s->n && st == CK_OK; i++) {
        st = build(s, &s->items[i], p, e);
        if (st == CK_OK)
            st = check(&s->items[i], e);
        if (st != CK_OK)
            fail_at(p, &s->items[i], st, e);
    }
    return st == CK_OK ? refuse_same_out(s, p, e) : st;
}

void ck_jobs_list_free(ck_jobs_list *s)
{
    for (int i = 0; i < s->n; i++) {
        ck_jobs_shot *shot = &s->items[i];
        free(shot->line);
        free(shot->argv);
        ck_quote_free(shot->words);
        free(shot->input);
        free(shot->out);
    }
    free(s->items);
    *s = (ck_jobs_list){0};
}
