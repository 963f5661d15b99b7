/* Each figure of a frame is compared with the mean of the frames before and after.  Smooth motion leaves
 * a small difference; a fault of one frame leaves a large one there, and half of it at the two neighbours, so only the
 * largest of three successive differences counts.  It is listed if it exceeds both the least that an eye would notice
 * and LEAST times the usual difference, in the whole shot and in the frames around. */
#include "ck/outliers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ck/neighbours.h"

#define LEAST 8   /* standard deviations */
#define AROUND 12 /* frames on each side whose usual difference counts */
#define MOST 200  /* of the list in the record */

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for the frames' figures");
}

static bool find_neighbours(const ck_outliers *o, size_t i, long step, ck_neighbours *n)
{
    if (i == 0 || i + 1 >= o->n_rows)
        return false;
    long a = o->rows[i - 1]->number, b = o->rows[i]->number, c = o->rows[i + 1]->number;
    *n = (ck_neighbours){o->rows[i - 1]->values, o->rows[i]->values, o->rows[i + 1]->values};
    return b - a == step && c - b == step; /* across a gap, motion would look like a fault */
}

/* The usual distance of successive frames: the least. */
static long step_of(const ck_outliers *o)
{
    long step = 0;
    for (size_t i = 1; i < o->n_rows; i++) {
        long d = o->rows[i]->number - o->rows[i - 1]->number;
        step = step == 0 || d < step ? d : step;
    }
    return step ? step : 1;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Standard deviation of the differences from..to, by their median; NANs are left out.  scratch: to - from values. */
static double usual(const double *d, size_t from, size_t to, double *scratch)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        if (!isnan(d[i]))
            scratch[n++] = d[i];
    if (!n)
        return 0;
    qsort(scratch, n, sizeof *scratch, by_value);
    return 1.4826 * scratch[n / 2];
}

static bool is_peak(const double *d, size_t i, size_t n)
{
    bool left = i == 0 || isnan(d[i - 1]) || d[i] > d[i - 1];
    bool right = i + 1 == n || isnan(d[i + 1]) || d[i] >= d[i + 1];
    return !isnan(d[i]) && left && right;
}

static ck_outlier *outlier_at(ck_outliers *o, size_t at)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->items[i].at == at)
            return &o->items[i];
    ck_outlier *grown = ck_grown(o->items, o->n, &o->cap, sizeof *grown);
    if (!grown)
        return NULL;
    o->items = grown;
    grown[o->n] = (ck_outlier){.at = at};
    return &grown[o->n++];
}

static ck_status add(ck_outliers *o, const ck_figure *g, size_t at, long step, double score, ck_error *e)
{
    ck_outlier *x = outlier_at(o, at);
    ck_neighbours n;
    if (!x)
        return no_memory(e);
    size_t used = strlen(x->text);
    if (used)
        used += (size_t)snprintf(x->text + used, sizeof x->text - used, "; ");
    (void)find_neighbours(o, at, step, &n);
    g->say(&n, x->text + used, sizeof x->text - used);
    x->score = score > x->score ? score : x->score;
    return CK_OK;
}

/* d, scratch: a value per row. */
static ck_status judge(ck_outliers *o, const ck_figure *g, long step, double *d, double *scratch, ck_error *e)
{
    ck_neighbours n;
    ck_status s = CK_OK;
    for (size_t i = 0; i < o->n_rows; i++)
        d[i] = find_neighbours(o, i, step, &n) ? g->of(&n) : (double)NAN;
    double everywhere = usual(d, 0, o->n_rows, scratch);
    for (size_t i = 0; i < o->n_rows && s == CK_OK; i++) {
        if (!is_peak(d, i, o->n_rows) || d[i] < g->floor)
            continue;
        size_t from = i > AROUND ? i - AROUND : 0, to = i + AROUND + 1 < o->n_rows ? i + AROUND + 1 : o->n_rows;
        double limit = LEAST * fmax(everywhere, usual(d, from, to, scratch));
        limit = fmax(limit, g->floor);
        if (d[i] >= limit)
            s = add(o, g, i, step, d[i] / limit, e);
    }
    return s;
}

static int worst_first(const void *a, const void *b)
{
    const ck_outlier *x = a, *y = b;
    int d = (x->score < y->score) - (x->score > y->score);
    return d ? d : (x->at > y->at) - (x->at < y->at);
}

static ck_status compare(ck_outliers *o, ck_error *e)
{
    double *d = calloc(o->n_rows + 1, sizeof *d), *scratch = calloc(o->n_rows + 1, sizeof *scratch);
    ck_status s = d && scratch ? CK_OK : no_memory(e);
    long step = step_of(o);
    for (int k = 0; k < CK_FIGURES && s == CK_OK; k++)
        s = judge(o, &ck_figures_compared[k], step, d, scratch, e);
    ck_neighbours n;
    for (size_t i = 0; i < o->n_rows && s == CK_OK; i++)
        if (find_neighbours(o, i, step, &n))
            o->flicker[i] = ck_flicker(&n);
    if (o->n)
        qsort(o->items, o->n, sizeof *o->items, worst_first);
    free(d);
    free(scratch);
    return s;
}

ck_status ck_outliers_find(const ck_job *job, const char *id, ck_outliers *out, ck_error *e)
{
    *out = (ck_outliers){.rows = calloc(job->n_frames + 1, sizeof(ck_job_frame *)),
                         .flicker = calloc(job->n_frames + 1, sizeof *out->flicker)};
    if (!out->rows || !out->flicker)
        return no_memory(e);
    bool repeated = false;
    for (size_t i = 0; i < job->n_frames; i++) {
        const ck_job_frame *f = &job->frames[i];
        if (strcmp(f->id, id) || !f->values || !f->values->measured)
            continue;
        repeated |= out->n_rows && out->rows[out->n_rows - 1]->number == f->number; /* stills that share numbers */
        out->flicker[out->n_rows] = (double)NAN;
        out->rows[out->n_rows++] = f;
    }
    const ck_job_run *last = job->n_runs ? &job->runs[job->n_runs - 1] : NULL;
    bool stills = repeated || (last && !strcmp(last->frames, CK_JOB_ONE_BY_ONE));
    return stills ? CK_OK : compare(out, e);
}

void ck_outliers_free(ck_outliers *o)
{
    free(o->rows);
    free(o->flicker);
    free(o->items);
    *o = (ck_outliers){0};
}

/* ---- the record ---- */

static void put(FILE *f, const ck_outliers *o, const char *id)
{
    fputs("{\"outliers\": [", f);
    for (size_t i = 0; i < o->n && i < MOST; i++) {
        fprintf(f, "%s{\"frame\": %ld, \"score\": %.2f, \"text\": ", i ? ", " : "", o->rows[o->items[i].at]->number,
                o->items[i].score);
        ck_json_put(f, o->items[i].text);
        fputc('}', f);
    }
    fprintf(f, "], \"job\": \"%s\"}", id);
}

static ck_status record(const char *out, const ck_job *job, const ck_outliers *o, const char *id, ck_error *e)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    if (f)
        put(f, o, id);
    if (!f || fclose(f)) {
        free(text);
        return no_memory(e);
    }
    bool same = job->outliers ? !strcmp(job->outliers, text) : o->n == 0;
    ck_status s = same ? CK_OK : ck_job_add_outliers(out, text, e);
    free(text);
    return s;
}

ck_status ck_outliers_record(const char *out, ck_error *e)
{
    ck_job job;
    ck_outliers o = {0};
    ck_status s = ck_job_read(out, &job, e);
    const ck_job_run *last = s == CK_OK && job.n_runs ? &job.runs[job.n_runs - 1] : NULL;
    if (last)
        s = ck_outliers_find(&job, last->id, &o, e);
    if (last && s == CK_OK)
        s = record(out, &job, &o, last->id, e);
    ck_outliers_free(&o);
    ck_job_free(&job);
    return s;
}
