#include "ck/watch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ck_status ck_watch_start(ck_watch *w, const ck_plan *p, ck_error *e)
{
    *w = (ck_watch){.folder.path = ""};
    if (!p->own.profile && !p->own.common.trace)
        return CK_OK;
    ck_status s = ck_watch_folder_make(&w->folder, e);
    if (s != CK_OK)
        return s;
    if ((p->own.common.trace && setenv("CK_TRACE", w->folder.path, 1)) ||
        (p->own.profile && setenv("CK_PROFILE", w->folder.path, 1)))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the environment");
    return CK_OK;
}

/* ---- traces ---- */

/* Append a stage's events without the array's brackets.  Events contain no brackets, so the first ']' is the end. */
static bool append(const char *path, bool *started, FILE *to)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    int c = getc(f); /* '[' */
    bool any = false;
    for (c = getc(f); c != EOF && c != ']'; c = getc(f)) {
        if (c == '\n' && !any)
            continue;
        if (!any && *started)
            fputs(",\n", to);
        any = true;
        putc(c, to);
    }
    *started |= any;
    bool good = !ferror(f);
    return !fclose(f) && good;
}

static ck_status join_traces(const ck_watch *w, const char *path, ck_error *e)
{
    FILE *to = fopen(path, "w");
    DIR *d = opendir(w->folder.path);
    bool good = to && d, started = false;
    if (to)
        fputs("[\n", to);
    for (struct dirent *f; good && (f = readdir(d));) {
        char from[PATH_MAX + NAME_MAX + 2];
        size_t n = strlen(f->d_name);
        if (n < 5 || strcmp(f->d_name + n - 5, ".json"))
            continue;
        snprintf(from, sizeof from, "%s/%s", w->folder.path, f->d_name);
        good = append(from, &started, to);
    }
    if (to)
        good = fputs("]\n", to) >= 0 && good;
    if (d)
        closedir(d);
    if (to && fclose(to))
        good = false;
    return good ? CK_OK : ck_fail_errno(e, "%s: cannot write the trace", path);
}

/* ---- profile ---- */

typedef struct sums {
    long frames, peak_kib;
    double elapsed, in, compute, busiest, out; /* microseconds; busiest: of one thread */
} sums;

static bool read_sums(const ck_watch *w, const char *program, sums *s)
{
    char path[PATH_MAX + NAME_MAX + 2];
    snprintf(path, sizeof path, "%s/%s", w->folder.path, program);
    FILE *f = fopen(path, "r");
    bool good = f && fscanf(f, "%ld %lf %lf %lf %lf %lf %ld", &s->frames, &s->elapsed, &s->in, &s->compute, &s->busiest,
                            &s->out, &s->peak_kib) == 7;
    if (f)
        fclose(f);
    return good;
}

static double share(double part, double of)
{
    return of > 0 ? 100 * part / of : 0;
}

/* The bottleneck is the stage whose busiest thread computed longest. */
static void print_profile(const ck_watch *w, const ck_plan *p, FILE *to)
{
    int slowest = -1;
    double most = 0;
    sums s = {0};
    fprintf(to, "%-10s %8s %14s %8s %8s %9s\n", "stage", "frames", "busy ms/frame", "starved", "blocked", "peak MB");
    for (int i = 0; i < p->n; i++) {
        const char *program = p->stages[i].program->name;
        if (!read_sums(w, program, &s)) {
            fprintf(to, "%-10s %8s\n", program, "failed");
            continue;
        }
        fprintf(to, "%-10s %8ld %14.2f %7.0f%% %7.0f%% %9.1f\n", program, s.frames,
                s.frames ? s.compute / 1000 / (double)s.frames : 0, share(s.in, s.elapsed), share(s.out, s.elapsed),
                (double)s.peak_kib / 1024);
        if (slowest < 0 || s.busiest > most) {
            slowest = i;
            most = s.busiest;
        }
    }
    if (slowest >= 0 && s.elapsed > 0)
        fprintf(to, "%.2f frames/s; the bottleneck is %s\n", (double)s.frames / s.elapsed * 1e6,
                p->stages[slowest].program->name);
}

ck_status ck_watch_end(ck_watch *w, const ck_plan *p, ck_error *e)
{
    if (!*w->folder.path)
        return CK_OK;
    ck_status s = p->own.common.trace ? join_traces(w, p->own.common.trace, e) : CK_OK;
    if (p->own.profile)
        print_profile(w, p, stderr);
    ck_watch_folder_remove(&w->folder);
    return s;
}
