/* The page of a report: a summary, the frames to look at, curves, a contact sheet, the settings. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ck/html.h"
#include "ck/report.h"
#include "ck/report_style.h"
#include "io/ranges.h"

#define MOST_OUTLIERS 24 /* with pictures; the others are listed by number */
#define MOST_FAILURES 24
#define MOST_SAMPLES 12 /* evenly spaced frames of the contact sheet */
#define MOST_PICTURE (256 << 10)

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for the report");
}

/* ---- summary ---- */

/* The last part of "FOLDER, shot.#.exr" is the footage's own name. */
static const char *title_of(const ck_report *r)
{
    const char *input = ck_meta_get(&r->v.run->pairs, "input");
    return input ? input : "Job";
}

static void put_head(const ck_report *r, FILE *f)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          f);
    ck_html_put(f, title_of(r));
    fprintf(f, " – ck report</title>\n<style>\n%s</style></head>\n<body>\n<h1>", ck_report_style);
    ck_html_put(f, title_of(r));
    fputs("</h1>\n", f);
}

static void put_lead(const ck_report *r, FILE *f)
{
    size_t n = r->n, waiting = r->n_left > r->n_failures ? r->n_left - r->n_failures : 0;
    const char *noun = r->stills ? "still" : "frame";
    if (n == 1 && r->done == 1)
        fprintf(f, "<p class=\"lead\">The only %s is finished.", noun);
    else if (r->done == n)
        fprintf(f, "<p class=\"lead\">All %zu %ss are finished.", n, noun);
    else
        fprintf(f, "<p class=\"lead\">%zu of %zu %ss are finished.", r->done, n, noun);
    if (r->n_failures)
        fprintf(f, " <b class=\"bad\">%zu failed.</b>", r->n_failures);
    if (waiting)
        fprintf(f, " %zu %s not begun or were interrupted.", waiting, waiting == 1 ? "was" : "were");
    if (r->outliers.n)
        fprintf(f, " %zu %s from %s neighbours.", r->outliers.n, r->outliers.n == 1 ? "differs" : "differ",
                r->outliers.n == 1 ? "its" : "their");
    else if (!r->stills && n > 2)
        fputs(" None differs from its neighbours.", f);
    fputs("</p>\n", f);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double total_ms(const ck_job_values *v)
{
    double sum = 0;
    for (int i = 0; i < v->n_programs; i++)
        sum += v->ms[i].ms;
    return sum;
}

static double figure(const ck_report *r, size_t row, int which)
{
    const ck_job_values *v = r->outliers.rows[row]->values;
    double flicker = r->outliers.flicker[row];
    const double all[] = {100 * v->m.coverage, v->m.edge, 100 * flicker, v->m.bare ? v->m.noise : (double)NAN,
                          total_ms(v)};
    return all[which];
}

/* Medians of the figures. */
static ck_status put_facts(const ck_report *r, FILE *f, ck_error *e)
{
    static const struct {
        const char *name, *unit;
        int decimals;
    } facts[] = {{"Coverage", "%", 1},
                 {"Edge width", "px", 1},
                 {"Flicker", "%", 2},
                 {"Noise", "codes", 1},
                 {"Computing", "ms per frame", 0}};
    double *v = malloc((r->outliers.n_rows + 1) * sizeof *v);
    if (!v)
        return no_memory(e);
    fputs("<dl class=\"facts\">", f);
    for (int k = 0; k < 5; k++) {
        size_t n = 0;
        for (size_t i = 0; i < r->outliers.n_rows; i++)
            if (!isnan(v[n] = figure(r, i, k)))
                n++;
        if (!n)
            continue;
        qsort(v, n, sizeof *v, by_value);
        fprintf(f, "<div><dt>%s</dt><dd>%.*f <span>%s</span></dd></div>", facts[k].name, facts[k].decimals, v[n / 2],
                facts[k].unit);
    }
    fputs("</dl>\n", f);
    if (r->outliers.n_rows > 1)
        fprintf(f, "<p class=\"note\">Medians of all finished %ss.</p>\n", r->stills ? "still" : "frame");
    free(v);
    return CK_OK;
}

/* ---- pictures ---- */

/* Read the picture of a frame; NULL if the frame has no picture, or its file was removed. */
static uint8_t *read_picture(const char *out, const ck_job_values *v)
{
    char *path;
    if (!v || !*v->picture || strstr(v->picture, "..") || v->size > MOST_PICTURE ||
        asprintf(&path, "%s/%s", out, v->picture) < 0)
        return NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *data = fd < 0 ? NULL : malloc(v->size + 1);
    size_t n = 0;
    for (ssize_t k = 1; data && n < v->size && k > 0; n += k > 0 ? (size_t)k : 0)
        k = pread(fd, data + n, v->size - n, (off_t)(v->at + n));
    if (fd >= 0)
        close(fd);
    free(path);
    if (data && n == v->size && n > 4 && data[0] == 0xff && data[1] == 0xd8)
        return data;
    free(data);
    return NULL;
}

static bool put_picture(const ck_report *r, const ck_job_frame *row, FILE *f)
{
    uint8_t *data = read_picture(r->v.out, row->values);
    if (!data)
        return false;
    fprintf(f, "<img alt=\"plate, hint, matte and composite of frame %ld\" src=\"data:image/jpeg;base64,", row->number);
    ck_html_put_base64(f, data, row->values->size);
    fputs("\">", f);
    free(data);
    return true;
}

/* ---- frames to look at ---- */

/* Successive frames that failed with one text are one row. */
static size_t run_of_failures(const ck_report *r, size_t i)
{
    size_t n = 1;
    while (i + n < r->n_failures && !strcmp(r->failures[i]->text, r->failures[i + n]->text))
        n++;
    return n;
}

static void put_failures(const ck_report *r, FILE *f)
{
    size_t rows = 0;
    for (size_t i = 0, n; i < r->n_failures; i += n) {
        n = run_of_failures(r, i);
        if (rows++ == MOST_FAILURES) {
            fprintf(f, "<p class=\"note\">And %zu more that failed, listed in ck-job.json.</p>\n", r->n_failures - i);
            return;
        }
        fprintf(f, "<div class=\"row\"><div class=\"n bad\">%ld", r->failures[i]->number);
        if (n > 1)
            fprintf(f, "–%ld", r->failures[i + n - 1]->number);
        fputs("</div><div class=\"what\"><b class=\"bad\">failed:</b> ", f);
        ck_html_put(f, r->failures[i]->text);
        fputs("</div><div class=\"pic\"></div></div>\n", f);
    }
}

/* Each finding on a line of its own. */
static void put_findings(const char *text, FILE *f)
{
    for (const char *next; text; text = next) {
        char part[400];
        next = strstr(text, "; ");
        snprintf(part, sizeof part, "%.*s", next ? (int)(next - text) : (int)strlen(text), text);
        fputs("<i>", f);
        ck_html_put(f, part);
        fputs("</i>", f);
        next = next ? next + 2 : NULL;
    }
}

static void put_outliers(const ck_report *r, FILE *f)
{
    const ck_outliers *o = &r->outliers;
    for (size_t i = 0; i < o->n && i < MOST_OUTLIERS; i++) {
        const ck_job_frame *row = o->rows[o->items[i].at];
        fprintf(f, "<div class=\"row\"><div class=\"n\">%ld</div><div class=\"what\">", row->number);
        put_findings(o->items[i].text, f);
        fputs("</div><div class=\"pic\">", f);
        (void)put_picture(r, row, f);
        fputs("</div></div>\n", f);
    }
}

/* The outliers' numbers as a list for --frames, owned. */
static char *outlier_numbers(const ck_outliers *o)
{
    long *v = calloc(o->n + 1, sizeof *v);
    ck_numbers sorted = {.v = v, .n = o->n, .cap = o->n};
    for (size_t i = 0; v && i < o->n; i++)
        v[i] = o->rows[o->items[i].at]->number;
    ck_numbers_sort(&sorted);
    char *text = v ? ck_numbers_text(v, sorted.n) : NULL;
    free(v);
    return text;
}

static ck_status put_list(const char *before, char *list, FILE *f, ck_error *e)
{
    if (!list)
        return no_memory(e);
    fputs(before, f);
    fputs("<pre>--frames ", f);
    ck_html_put(f, list);
    fputs("</pre>\n", f);
    free(list);
    return CK_OK;
}

static void put_command(const ck_report *r, FILE *f)
{
    const ck_job *job = &r->v.job;
    if (job->stopped && r->n_left > r->n_failures) {
        fputs("<p>The last run that ended early reported: <span class=\"bad\">", f);
        ck_html_put(f, job->stopped);
        fputs("</span></p>\n", f);
    }
    fputs("<p>To key what is not finished, once its cause is removed:</p>\n<pre>", f);
    if (job->command && *job->folder) {
        fputs("cd ", f);
        ck_html_put(f, job->folder);
        fputs("\n", f);
    }
    ck_html_put(f, job->command ? job->command : "ck key --resume [OPTION ...] INPUT OUT");
    fputs("</pre>\n", f);
    if (!job->command)
        fputs("<p class=\"note\">With the options and files of the run; only runs with --report record them.</p>\n", f);
}

static ck_status put_redo(const ck_report *r, FILE *f, ck_error *e)
{
    ck_status s = CK_OK;
    if (r->n_left) {
        put_command(r, f);
        s = put_list("<p class=\"note\">Or these frames alone, in a run without --resume:</p>\n",
                     ck_numbers_text(r->left, r->n_left), f, e);
    }
    if (s == CK_OK && r->outliers.n)
        s = put_list("<p>To try other options on the frames that differ, add this, and choose another OUT:</p>\n",
                     outlier_numbers(&r->outliers), f, e);
    return s;
}

static void put_row_head(const char *n, const char *what, FILE *f)
{
    fprintf(f,
            "<div class=\"row head\"><div class=\"n\">%s</div><div class=\"what\">%s</div><div class=\"pic cells\">"
            "<span>plate</span><span>hint</span><span>matte</span><span>composite</span></div></div>\n",
            n, what);
}

static ck_status put_attention(const ck_report *r, FILE *f, ck_error *e)
{
    if (!r->n_left && !r->outliers.n)
        return CK_OK;
    fputs("<section><h2>Frames to look at</h2>\n", f);
    if (r->n_failures || r->outliers.n)
        put_row_head("frame", "finding", f);
    put_failures(r, f);
    put_outliers(r, f);
    if (r->outliers.n)
        fputs("<p class=\"note\">The worst first. A frame is listed if a figure differs from the mean of its "
              "neighbours by "
              "eight times the shot’s usual difference, and by an amount that shows.</p>\n",
              f);
    ck_status s = put_redo(r, f, e);
    fputs("</section>\n", f);
    return s;
}

/* ---- the rest ---- */

/* Evenly spaced finished frames; returns false if none has a picture. */
static bool put_sheet(const ck_report *r, FILE *f)
{
    size_t n = r->outliers.n_rows, shown = n < MOST_SAMPLES ? n : MOST_SAMPLES;
    bool any = false;
    for (size_t i = 0; i < shown; i++) {
        const ck_job_frame *row = r->outliers.rows[shown > 1 ? i * (n - 1) / (shown - 1) : 0];
        if (!row->values || !*row->values->picture)
            continue;
        if (!any)
            fputs("<section><h2>Contact sheet</h2>\n<div class=\"sheet\">\n", f);
        any = true;
        fputs("<figure>", f);
        bool there = put_picture(r, row, f);
        fputs("<figcaption>", f);
        if (r->stills && row->n)
            ck_html_put(f, row->files[0].name);
        else
            fprintf(f, "%ld", row->number);
        fprintf(f, "%s</figcaption></figure>\n", there ? "" : ": its picture is missing");
    }
    if (any)
        fprintf(f, "</div><p class=\"note\">Plate, hint, matte and composite%s.</p></section>\n",
                n > shown ? " of frames at equal distances" : "");
    return any;
}

static void put_setting(const char *key, const char *value, FILE *f)
{
    fputs("<dt>", f);
    ck_html_put(f, key);
    fputs("</dt><dd>", f);
    ck_html_put(f, *value ? value : "defaults");
    fputs("</dd>", f);
}

static void put_settings(const ck_report *r, FILE *f)
{
    const ck_job_run *run = r->v.run;
    fputs("<section><h2>Settings</h2>\n<dl class=\"settings\">", f);
    if (r->v.job.command)
        put_setting("command", r->v.job.command, f);
    put_setting("frames", run->frames, f);
    for (size_t i = 0; i < run->pairs.n; i++)
        put_setting(run->pairs.pairs[i].key, run->pairs.pairs[i].value, f);
    fputs("</dl></section>\n", f);
}

/* The time when the last frame was finished, from its files. */
static void put_foot(const ck_report *r, FILE *f)
{
    int64_t last = 0;
    for (size_t i = 0; i < r->v.job.n_frames; i++)
        for (int k = 0; k < r->v.job.frames[i].n; k++)
            if (r->v.job.frames[i].files[k].sec > last)
                last = r->v.job.frames[i].files[k].sec;
    struct tm t;
    char text[64];
    fputs("<footer><p>", f);
    time_t at = (time_t)last;
    if (last && gmtime_r(&at, &t) && strftime(text, sizeof text, "%Y-%m-%d %H:%M", &t))
        fprintf(f, "The last still was written at %s UTC. ", text);
    fprintf(f, "Made by ck %s from ck-job.json, job %s.</p></footer>\n", CK_VERSION, r->v.run->id);
}

ck_status ck_report_page(const ck_report *r, FILE *f, ck_error *e)
{
    put_head(r, f);
    put_lead(r, f);
    ck_status s = put_facts(r, f, e);
    if (s == CK_OK)
        s = put_attention(r, f, e);
    if (s == CK_OK && r->outliers.n_rows && !r->stills) {
        fputs("<section><h2>Over time</h2>\n", f);
        ck_report_curves(r, f);
        if (r->outliers.n || r->n_failures)
            fputs("<p class=\"note\">Red lines mark the frames above, dashed ones frames that failed.</p>\n", f);
        fputs("</section>\n", f);
    }
    if (s == CK_OK && !put_sheet(r, f))
        fputs("<p class=\"note\">There are no pictures: they are kept by ck key --report.</p>\n", f);
    if (s == CK_OK)
        put_settings(r, f);
    put_foot(r, f);
    fputs("</body></html>\n", f);
    return s;
}
