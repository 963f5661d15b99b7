/* Curves over the frames of a shot.  The SVG holds lines alone, stretched to the page's width: text around it is HTML,
 * which keeps its size. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ck/html.h"
#include "ck/report.h"

#define WIDTH 1000 /* units of the SVG */
#define HEIGHT 100
#define COLUMNS 500 /* with more frames, a column shows the least and the largest value of its frames */

typedef double value(const ck_report *r, size_t row, int line);

typedef struct curve {
    const char *name, *unit;
    value *of;
    int lines;
    const char *format; /* of its values */
    bool from_zero;
    const char *const *labels; /* of its lines, or NULL */
} curve;

static const ck_job_values *row_of(const ck_report *r, size_t row)
{
    return r->outliers.rows[row]->values;
}

static double coverage(const ck_report *r, size_t row, int line)
{
    (void)line;
    return 100 * row_of(r, row)->m.coverage;
}

static double edge(const ck_report *r, size_t row, int line)
{
    (void)line;
    return row_of(r, row)->m.edge;
}

static double flicker(const ck_report *r, size_t row, int line)
{
    (void)line;
    return 100 * r->outliers.flicker[row];
}

static double screen(const ck_report *r, size_t row, int line)
{
    const ck_measures *m = &row_of(r, row)->m;
    return m->bare ? m->screen[line] : (double)NAN;
}

static double noise(const ck_report *r, size_t row, int line)
{
    const ck_measures *m = &row_of(r, row)->m;
    (void)line;
    return m->bare ? m->noise : (double)NAN;
}

static double ms(const ck_report *r, size_t row, int line)
{
    const ck_job_values *first = row_of(r, 0), *v = row_of(r, row);
    for (int i = 0; i < v->n_programs; i++)
        if (!strcmp(v->ms[i].program, first->ms[line].program))
            return v->ms[i].ms;
    return (double)NAN;
}

/* ---- scales ---- */

typedef struct scale {
    double lo, hi;    /* of the values */
    long first, last; /* frame numbers */
    long step;        /* numbers farther apart interrupt the line */
    bool any;         /* there is a value */
} scale;

static scale scale_of(const ck_report *r, const curve *c)
{
    const ck_outliers *o = &r->outliers;
    scale s = {.lo = INFINITY, .hi = -INFINITY, .first = o->rows[0]->number, .last = o->rows[o->n_rows - 1]->number};
    for (size_t i = 0; i < o->n_rows; i++) {
        long gap = i ? o->rows[i]->number - o->rows[i - 1]->number : 0;
        s.step = i && (!s.step || gap < s.step) ? gap : s.step;
        for (int k = 0; k < c->lines; k++) {
            double v = c->of(r, i, k);
            s.lo = v < s.lo ? v : s.lo;
            s.hi = v > s.hi ? v : s.hi;
        }
    }
    s.any = s.lo <= s.hi;
    if (c->from_zero && s.any)
        s.lo = 0;
    return s;
}

static double x_of(const scale *s, long number)
{
    return s->last > s->first ? (double)(number - s->first) * WIDTH / (double)(s->last - s->first) : WIDTH / 2.0;
}

/* Constant curves run through the middle. */
static double y_of(const scale *s, double v)
{
    double range = s->hi - s->lo;
    return range > 0 ? HEIGHT - 4 - (v - s->lo) / range * (HEIGHT - 8) : HEIGHT / 2.0;
}

/* ---- lines ---- */

static void put_point(FILE *f, bool *open, double x, double y)
{
    fprintf(f, "%c%.1f %.1f", *open ? 'L' : 'M', x, y);
    *open = true;
}

/* The least and the largest value of rows from..to, in their order. */
static void put_column(const ck_report *r, const curve *c, const scale *s, int line, size_t from, size_t to, bool *open,
                       FILE *f)
{
    size_t least = from, largest = from;
    bool any = false;
    for (size_t i = from; i < to; i++) {
        double v = c->of(r, i, line);
        if (isnan(v))
            continue;
        least = !any || v < c->of(r, least, line) ? i : least;
        largest = !any || v > c->of(r, largest, line) ? i : largest;
        any = true;
    }
    *open &= any;
    size_t at[2] = {least < largest ? least : largest, least < largest ? largest : least};
    for (int k = 0; any && k < 1 + (at[0] != at[1]); k++)
        put_point(f, open, x_of(s, r->outliers.rows[at[k]]->number), y_of(s, c->of(r, at[k], line)));
}

static void put_line(const ck_report *r, const curve *c, const scale *s, int line, FILE *f)
{
    const ck_outliers *o = &r->outliers;
    size_t each = (o->n_rows + COLUMNS - 1) / COLUMNS;
    bool open = false;
    fprintf(f, "<path class=\"l%d\" d=\"", c->lines > 1 ? line + 1 : 0);
    for (size_t i = 0; i < o->n_rows; i += each) {
        if (i && o->rows[i]->number - o->rows[i - 1]->number > 2 * s->step)
            open = false;
        put_column(r, c, s, line, i, i + each < o->n_rows ? i + each : o->n_rows, &open, f);
    }
    fputs("\"/>", f);
}

static void put_marks(const ck_report *r, const scale *s, FILE *f)
{
    enum { MOST = 100 };
    for (size_t i = 0; i < r->n_failures && i < MOST; i++) {
        double x = x_of(s, r->failures[i]->number);
        if (x >= 0 && x <= WIDTH)
            fprintf(f, "<path class=\"failed\" d=\"M%.1f 0V%d\"/>", x, HEIGHT);
    }
    for (size_t i = 0; i < r->outliers.n && i < MOST; i++)
        fprintf(f, "<path class=\"mark\" d=\"M%.1f 0V%d\"/>",
                x_of(s, r->outliers.rows[r->outliers.items[i].at]->number), HEIGHT);
}

static void put_value(const char *format, double v, FILE *f)
{
    if (!strcmp(format, "0"))
        fprintf(f, "%.0f", v);
    else
        fprintf(f, strcmp(format, "0.0") ? "%.2f" : "%.1f", v);
}

static void put_labels(const curve *c, FILE *f)
{
    for (int k = 0; k < c->lines && c->labels; k++) {
        fprintf(f, "<span class=\"key k%d\">", k + 1);
        ck_html_put(f, c->labels[k]);
        fputs("</span> ", f);
    }
}

static void put_curve(const ck_report *r, const curve *c, FILE *f)
{
    scale s = scale_of(r, c);
    if (!s.any)
        return;
    fprintf(f, "<div class=\"curve\"><div class=\"name\"><b>%s</b> <span>%s</span>", c->name, c->unit);
    if (c->labels) {
        fputs("<div>", f);
        put_labels(c, f);
        fputs("</div>", f);
    }
    fprintf(f, "</div><svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"%s\">", WIDTH,
            HEIGHT, c->name);
    put_marks(r, &s, f);
    for (int k = 0; k < c->lines; k++)
        put_line(r, c, &s, k, f);
    fputs("</svg><div class=\"range\"><span>", f);
    put_value(c->format, s.hi, f);
    fputs("</span><span>", f);
    put_value(c->format, s.lo, f);
    fputs("</span></div></div>\n", f);
}

/* Five frame numbers below the curves; the SVG has the same width. */
static void put_axis(const ck_report *r, FILE *f)
{
    enum { TICKS = 5 };
    const ck_outliers *o = &r->outliers;
    long first = o->rows[0]->number, last = o->rows[o->n_rows - 1]->number;
    fputs("<div class=\"curve axis\"><div class=\"name\">frame</div><div class=\"ticks\">", f);
    int n = last - first >= TICKS ? TICKS : last > first ? 2 : 1;
    for (int i = 0; i < n; i++)
        fprintf(f, "<span>%ld</span>", n > 1 ? first + lround((double)(last - first) * i / (n - 1)) : first);
    fputs("</div><div></div></div>\n", f);
}

void ck_report_curves(const ck_report *r, FILE *f)
{
    static const char *const colours[] = {"R", "G", "B"};
    const char *programs[CK_JOB_PROGRAMS];
    if (!r->outliers.n_rows)
        return;
    const ck_job_values *first = row_of(r, 0);
    for (int i = 0; i < first->n_programs; i++)
        programs[i] = first->ms[i].program;
    const curve curves[] = {
        {"Coverage", "% of the frame", coverage, 1, "0.00", false, NULL},
        {"Edge width", "pixels", edge, 1, "0.00", false, NULL},
        {"Flicker", "% of coverage, against the neighbours", flicker, 1, "0.00", true, NULL},
        {"Screen colour", "codes of 255", screen, 3, "0", false, colours},
        {"Noise of the screen", "codes of 255", noise, 1, "0.00", false, NULL},
        {"Computing", "ms per frame", ms, first->n_programs, "0", true, programs},
    };
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        put_curve(r, &curves[i], f);
    put_axis(r, f);
}
