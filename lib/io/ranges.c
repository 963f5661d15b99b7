#include "io/ranges.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Parse digits with an optional sign; *p moves past them.  The limit leaves room for sums and excludes
 * CK_RANGE_OPEN. */
static bool number(const char **p, long *v)
{
    const char *digits = *p + (**p == '-');
    char *end;
    if (*digits < '0' || *digits > '9')
        return false;
    errno = 0;
    *v = strtol(*p, &end, 10);
    *p = end;
    return !errno && *v < LONG_MAX / 4 && *v > -LONG_MAX / 4;
}

/* Parse "x2" after a range. */
static bool step(const char **p, ck_range *r)
{
    ++*p;
    if (**p == '-' || !number(p, &r->step) || r->step < 1)
        return false;
    if (r->last != CK_RANGE_OPEN)
        r->last -= (r->last - r->first) % r->step;
    return true;
}

static bool item(const char **p, ck_range *r)
{
    if (!number(p, &r->first))
        return false;
    r->last = r->first;
    r->step = 1;
    if (**p != '-')
        return true;
    ++*p;
    if (!**p || **p == ',' || **p == 'x')
        r->last = CK_RANGE_OPEN;
    else if (!number(p, &r->last))
        return false;
    return r->last >= r->first && (**p != 'x' || step(p, r));
}

static int by_first(const void *a, const void *b)
{
    const ck_range *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* Sort, and merge ranges that overlap. */
static void tidy(ck_ranges *s)
{
    int n = 0;
    qsort(s->r, (size_t)s->n, sizeof *s->r, by_first);
    for (int i = 0; i < s->n; i++) {
        ck_range *before = n ? &s->r[n - 1] : NULL;
        if (before && before->step == 1 && s->r[i].step == 1 && s->r[i].first <= before->last) {
            if (s->r[i].last > before->last)
                before->last = s->r[i].last;
        } else {
            s->r[n++] = s->r[i];
        }
    }
    s->n = n;
}

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for a list of frames");
}

static ck_status make(ck_ranges *out, size_t n, ck_error *e)
{
    *out = (ck_ranges){.r = n < INT_MAX ? calloc(n + 1, sizeof *out->r) : NULL};
    return out->r ? CK_OK : no_memory(e);
}

ck_status ck_ranges_parse(const char *text, ck_ranges *out, ck_error *e)
{
    size_t commas = 0;
    for (const char *p = text; *p; p++)
        commas += *p == ',';
    ck_status s = make(out, commas + 1, e);
    if (s != CK_OK)
        return s;
    const char *p = text;
    for (;;) {
        if (!item(&p, &out->r[out->n]) || (*p && *p != ',')) {
            ck_ranges_free(out);
            return ck_fail(e, CK_ERR_ARGUMENT, "'%s' is not a list of frames: write 1,5,10-20,50- or 1001-1100x2",
                           text);
        }
        out->n++;
        if (!*p++)
            break;
    }
    tidy(out);
    return CK_OK;
}

ck_status ck_ranges_of(const long *numbers, size_t n, ck_ranges *out, ck_error *e)
{
    ck_status s = make(out, n, e);
    for (size_t i = 0, k; i < n && s == CK_OK; i = k) {
        long d = i + 1 < n ? numbers[i + 1] - numbers[i] : 1;
        for (k = i + 1; k < n && numbers[k] - numbers[k - 1] == d;)
            k++;
        /* Two numbers apart are listed singly, not as a range with a step. */
        if (k - i == 2 && d > 1)
            k--;
        out->r[out->n++] = (ck_range){numbers[i], numbers[k - 1], k - i > 1 ? d : 1};
    }
    return s;
}

ck_status ck_ranges_copy(const ck_ranges *s, ck_ranges *out, ck_error *e)
{
    ck_status status = make(out, (size_t)s->n, e);
    if (status == CK_OK && s->n)
        memcpy(out->r, s->r, (size_t)s->n * sizeof *s->r);
    out->n = status == CK_OK ? s->n : 0;
    return status;
}

typedef struct list {
    ck_ranges *out;
    size_t cap;
} list;

/* Append the members of r strictly between two numbers.  False when out of memory. */
static bool add_between(list *l, const ck_range *r, long after, long before)
{
    long first = r->first, last = r->last;
    if (after >= first)
        first += ((after - first) / r->step + 1) * r->step;
    if (before <= last)
        last = before - 1 < r->first ? before - 1 : before - 1 - (before - 1 - r->first) % r->step;
    if (first > last)
        return true;
    ck_range *grown = ck_grown(l->out->r, (size_t)l->out->n, &l->cap, sizeof *grown);
    if (!grown)
        return false;
    l->out->r = grown;
    grown[l->out->n++] = (ck_range){first, last, first == last ? 1 : r->step};
    return true;
}

/* Append the members of r that are not among the numbers. */
static bool add_missing(list *l, ck_range r, const long *numbers, size_t n)
{
    long after = LONG_MIN;
    bool good = true;
    if (r.last == CK_RANGE_OPEN) /* an open range that starts after the last number: its start is missing */
        r.last = n && numbers[n - 1] > r.first ? numbers[n - 1] - (numbers[n - 1] - r.first) % r.step : r.first;
    for (size_t k = 0; k < n && good; k++) {
        if (numbers[k] < r.first || numbers[k] > r.last || (numbers[k] - r.first) % r.step)
            continue;
        good = add_between(l, &r, after, numbers[k]);
        after = numbers[k];
    }
    return good && add_between(l, &r, after, LONG_MAX);
}

ck_status ck_ranges_missing(const ck_ranges *s, const long *numbers, size_t n, ck_ranges *out, ck_error *e)
{
    *out = (ck_ranges){0};
    list l = {.out = out};
    bool good = true;
    for (int i = 0; i < s->n && good; i++)
        good = add_missing(&l, s->r[i], numbers, n);
    if (!good) {
        ck_ranges_free(out);
        return no_memory(e);
    }
    if (out->n)
        tidy(out);
    return CK_OK;
}

bool ck_ranges_has(const ck_ranges *s, long v)
{
    bool has = s->n == 0;
    for (int i = 0; i < s->n && !has; i++)
        has = v >= s->r[i].first && v <= s->r[i].last && (v - s->r[i].first) % s->r[i].step == 0;
    return has;
}

long ck_ranges_last(const ck_ranges *s)
{
    long last = s->n ? LONG_MIN : CK_RANGE_OPEN;
    for (int i = 0; i < s->n; i++)
        last = s->r[i].last > last ? s->r[i].last : last;
    return last;
}

long ck_ranges_next(const ck_ranges *s, long from)
{
    long next = s->n ? -1 : from;
    for (int i = 0; i < s->n; i++) {
        const ck_range *r = &s->r[i];
        long v = from <= r->first ? r->first : r->first + (from - r->first + r->step - 1) / r->step * r->step;
        if (v <= r->last && (next < 0 || v < next))
            next = v;
    }
    return next;
}

size_t ck_ranges_count(const ck_ranges *s, size_t most)
{
    size_t n = 0;
    for (int i = 0; i < s->n && n < most; i++)
        n += s->r[i].last == CK_RANGE_OPEN ? 1 : (size_t)((s->r[i].last - s->r[i].first) / s->r[i].step) + 1;
    return n < most ? n : most;
}

static void format_one(const ck_range *r, char *buf, size_t n)
{
    int k = snprintf(buf, n, "%ld", r->first);
    if (r->last == CK_RANGE_OPEN)
        k += snprintf(buf + k, n - (size_t)k, "-");
    else if (r->last > r->first)
        k += snprintf(buf + k, n - (size_t)k, "-%ld", r->last);
    if (r->step > 1)
        snprintf(buf + k, n - (size_t)k, "x%ld", r->step);
}

bool ck_ranges_format(const ck_ranges *s, char *buf, size_t n)
{
    size_t at = 0;
    buf[0] = 0;
    for (int i = 0; i < s->n; i++) {
        char one[80];
        format_one(&s->r[i], one, sizeof one);
        if (at + strlen(one) + sizeof ",,..." > n) {
            snprintf(buf + at, n - at, ",...");
            return false;
        }
        at += (size_t)snprintf(buf + at, n - at, "%s%s", i ? "," : "", one);
    }
    return true;
}

char *ck_ranges_text(const ck_ranges *s)
{
    size_t n = (size_t)s->n * 80 + 8;
    char *text = malloc(n);
    if (text)
        ck_ranges_format(s, text, n);
    return text;
}

char *ck_numbers_text(const long *numbers, size_t n)
{
    ck_ranges r;
    if (ck_ranges_of(numbers, n, &r, NULL) != CK_OK)
        return NULL;
    char *text = ck_ranges_text(&r);
    ck_ranges_free(&r);
    return text;
}

ck_status ck_ranges_numbers(const ck_ranges *s, ck_numbers *out, ck_error *e)
{
    ck_status st = ck_ranges_count(s, CK_RANGES_MOST + 1) > CK_RANGES_MOST ? no_memory(e) : CK_OK;
    *out = (ck_numbers){0};
    for (int i = 0; i < s->n && st == CK_OK; i++)
        for (long v = s->r[i].first; v <= s->r[i].last && st == CK_OK; v += s->r[i].step)
            st = ck_numbers_add(out, v, e);
    ck_numbers_sort(out);
    return st;
}

void ck_ranges_free(ck_ranges *s)
{
    free(s->r);
    *s = (ck_ranges){0};
}
