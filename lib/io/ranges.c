#include "io/ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Digits at *p, which moves past them; -1 when there are none or too many. */
static long number(const char **p)
{
    char *end;
    if (**p < '0' || **p > '9')
        return -1;
    errno = 0;
    long v = strtol(*p, &end, 10);
    *p = end;
    return errno || v == CK_RANGE_OPEN ? -1 : v;
}

static bool item(const char **p, ck_range *r)
{
    r->first = r->last = number(p);
    if (r->first < 0)
        return false;
    if (**p == '-') {
        ++*p;
        r->last = **p && **p != ',' ? number(p) : CK_RANGE_OPEN;
    }
    return r->last >= r->first;
}

static int by_first(const void *a, const void *b)
{
    const ck_range *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* Sort and join what overlaps; neighbours stay apart, so that every number typed stays an end. */
static void tidy(ck_ranges *s)
{
    int n = 0;
    qsort(s->r, (size_t)s->n, sizeof *s->r, by_first);
    for (int i = 0; i < s->n; i++) {
        if (n && s->r[i].first <= s->r[n - 1].last) {
            if (s->r[i].last > s->r[n - 1].last)
                s->r[n - 1].last = s->r[i].last;
        } else {
            s->r[n++] = s->r[i];
        }
    }
    s->n = n;
}

ck_status ck_ranges_parse(const char *text, ck_ranges *out, ck_error *e)
{
    *out = (ck_ranges){0};
    size_t commas = 0;
    for (const char *p = text; *p; p++)
        commas += *p == ',';
    out->r = calloc(commas + 1, sizeof *out->r);
    if (!out->r)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a list of frames");
    const char *p = text;
    for (;;) {
        if (!item(&p, &out->r[out->n]) || (*p && *p != ',')) {
            ck_ranges_free(out);
            return ck_fail(e, CK_ERR_ARGUMENT, "'%s' is not a list of frames: write 1,5,10-20,50-", text);
        }
        out->n++;
        if (!*p++)
            break;
    }
    tidy(out);
    return CK_OK;
}

bool ck_ranges_has(const ck_ranges *s, long v)
{
    bool has = s->n == 0;
    for (int i = 0; i < s->n && !has; i++)
        has = v >= s->r[i].first && v <= s->r[i].last;
    return has;
}

long ck_ranges_last(const ck_ranges *s)
{
    return s->n ? s->r[s->n - 1].last : CK_RANGE_OPEN;
}

void ck_ranges_free(ck_ranges *s)
{
    free(s->r);
    *s = (ck_ranges){0};
}
