#include "io/sequence_group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/sequence_name.h"

#define LISTED 6 /* patterns listed in a message */

typedef struct entry {
    const char *path;
    ck_sequence_name name;
} entry;

static int compare_bytes(const char *a, size_t n, const char *b, size_t m)
{
    int order = memcmp(a, b, n < m ? n : m);
    return order ? order : (n > m) - (n < m);
}

/* Order by everything but the number. */
static int by_group(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    int order = compare_bytes(x->path, x->name.from, y->path, y->name.from);
    return order ? order : strcmp(x->path + x->name.to, y->path + y->name.to);
}

static entry *entries_of(const ck_sequence *s)
{
    entry *all = calloc(s->n, sizeof *all);
    for (size_t i = 0; all && i < s->n; i++)
        all[i] = (entry){s->files[i].path, ck_sequence_name_of(s->files[i].path)};
    if (all)
        qsort(all, s->n, sizeof *all, by_group);
    return all;
}

/* End of the group that begins at i. */
static size_t end_of(const entry *all, size_t n, size_t i)
{
    size_t k = i + 1;
    while (k < n && !by_group(&all[i], &all[k]))
        k++;
    return k;
}

/* Print "shot.####.exr", or "shot%d.exr" for numbers without leading zeros. */
static void print_pattern(FILE *f, const entry *group, size_t n)
{
    const entry *g = group;
    size_t width = 0;
    for (size_t i = 0; i < n; i++) {
        const char *d = group[i].path + group[i].name.from;
        size_t digits = group[i].name.to - group[i].name.from - (*d == '-');
        if (d[*d == '-'] == '0' && digits > 1)
            width = digits;
    }
    fprintf(f, "%.*s", (int)(g->name.from - g->name.base), g->path + g->name.base);
    if (!width)
        fputs("%d", f);
    for (size_t i = 0; i < width; i++)
        fputc('#', f);
    fputs(g->path + g->name.to, f);
}

static ck_status refuse(const entry *all, size_t n, ck_error *e)
{
    char *text = NULL;
    size_t bytes, found = 0;
    FILE *f = open_memstream(&text, &bytes);
    if (!f)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the names of a sequence");
    for (size_t i = 0, k; i < n; i = k) {
        k = end_of(all, n, i);
        if (all[i].name.number == CK_NO_NUMBER)
            continue;
        if (found < LISTED) {
            fputs(found ? ", " : "", f);
            print_pattern(f, &all[i], k - i);
        }
        found++;
    }
    if (found > LISTED)
        fprintf(f, " and %zu more", found - LISTED);
    ck_status s = fclose(f) ? ck_fail(e, CK_ERR_MEMORY, "out of memory for the names of a sequence")
                            : ck_fail(e, CK_ERR_ARGUMENT, "%zu sequences in one folder: name one of %s", found, text);
    free(text);
    return s;
}

ck_status ck_sequence_group(ck_sequence *s, bool folder, ck_error *e)
{
    entry *all = entries_of(s);
    if (!all)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the names of a sequence");
    size_t numbered = 0, long_ones = 0; /* groups with a number; those with at least two files */
    for (size_t i = 0, k; i < s->n; i = k) {
        k = end_of(all, s->n, i);
        numbered += all[i].name.number != CK_NO_NUMBER;
        long_ones += all[i].name.number != CK_NO_NUMBER && k - i > 1;
    }
    s->single = s->numbered && end_of(all, s->n, 0) == s->n;
    /* Single stills beside a sequence belong to it if all numbers are distinct. */
    bool several = long_ones > 1 || (long_ones && numbered > 1 && !s->numbered);
    ck_status status = folder && several ? refuse(all, s->n, e) : CK_OK;
    free(all);
    return status;
}
