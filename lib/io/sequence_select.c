/* Selection of frames from a sequence, and stand-ins for missing ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/sequence.h"

#define MOST_STAND_INS 100000

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for the numbers of a sequence");
}

static int by_value(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

static int by_number(const void *a, const void *b)
{
    const ck_sequence_file *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

const ck_sequence_file *ck_sequence_find(const ck_sequence *s, long number)
{
    for (size_t i = 0; i < s->n && s->numbered; i++)
        if (s->files[i].number == number)
            return &s->files[i];
    return NULL;
}

/* All numbers, ascending; owned, NULL when out of memory. */
static long *numbers_of(const ck_sequence *s)
{
    long *numbers = calloc(s->n + 1, sizeof *numbers);
    for (size_t i = 0; numbers && i < s->n; i++)
        numbers[i] = s->numbered ? s->files[i].number : (long)i;
    if (numbers)
        qsort(numbers, s->n, sizeof *numbers, by_value);
    return numbers;
}

ck_status ck_sequence_numbers(const ck_sequence *s, ck_ranges *out, ck_error *e)
{
    long *numbers = numbers_of(s);
    ck_status status = numbers ? ck_ranges_of(numbers, s->n, out, e) : no_memory(e);
    free(numbers);
    return status;
}

ck_status ck_sequence_holes(const ck_sequence *s, ck_ranges *out, ck_error *e)
{
    *out = (ck_ranges){0};
    if (!s->single || (s->n < 2 && !s->n_broken))
        return CK_OK;
    long *numbers = numbers_of(s);
    if (!numbers)
        return no_memory(e);
    ck_range all = {numbers[0], numbers[s->n - 1], 1};
    for (size_t i = 0; i < s->n_broken; i++) {
        long v = s->broken[i].number;
        if (v == CK_NO_NUMBER)
            continue;
        all.first = v < all.first ? v : all.first;
        all.last = v > all.last ? v : all.last;
    }
    ck_status status = ck_ranges_missing(&(ck_ranges){&all, 1}, numbers, s->n, out, e);
    free(numbers);
    return status;
}

static void release(ck_sequence_file *f)
{
    free(f->path);
    free(f->stem);
}

/* Treat files in `keep` that cannot be read as missing. */
static void drop_unreadable(ck_sequence *s, const ck_ranges *keep)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (ck_ranges_has(keep, s->files[i].number) && access(s->files[i].path, R_OK))
            release(&s->files[i]);
        else
            s->files[n++] = s->files[i];
    }
    s->n = n;
}

static void drop_others(ck_sequence *s, const ck_ranges *keep)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (ck_ranges_has(keep, s->files[i].number))
            s->files[n++] = s->files[i];
        else
            release(&s->files[i]);
    }
    s->n = n;
}

static const ck_sequence_file *nearest(const ck_sequence *s, size_t n, long number)
{
    const ck_sequence_file *best = s->files;
    for (size_t i = 1; i < n; i++) {
        const ck_sequence_file *f = &s->files[i];
        long d = labs(f->number - number), least = labs(best->number - number);
        if (d < least || (d == least && f->number < best->number))
            best = f;
    }
    return best;
}

/* The stem of f with another number of as many digits; owned. */
static char *stem_with(const ck_sequence_file *f, long number)
{
    int digits = (int)(f->to - f->from) - (f->stem[f->from] == '-');
    char *stem;
    int n = asprintf(&stem, "%.*s%s%0*ld%s", (int)f->from, f->stem, number < 0 ? "-" : "", digits, labs(number),
                     f->stem + f->to);
    return n < 0 ? NULL : stem;
}

static ck_status add_stand_in(ck_sequence *s, size_t n, long number, bool black, ck_error *e)
{
    ck_sequence_file *files = ck_grown(s->files, s->n, &s->cap, sizeof *files);
    if (!files)
        return no_memory(e);
    s->files = files;
    const ck_sequence_file *near = nearest(s, n, number);
    char *stem = stem_with(near, number), *path = strdup(near->path);
    if (!stem || !path) {
        free(stem);
        free(path);
        return no_memory(e);
    }
    size_t to = strlen(stem) - strlen(near->stem + near->to);
    files[s->n++] =
        (ck_sequence_file){.path = path, .stem = stem, .number = number, .from = near->from, .to = to, .black = black};
    return CK_OK;
}

static ck_status add_stand_ins(ck_sequence *s, const ck_ranges *missing, bool black, ck_error *e)
{
    size_t n = s->n;
    ck_status status = CK_OK;
    long first = s->files[0].number;
    if (ck_ranges_count(missing, MOST_STAND_INS) == MOST_STAND_INS)
        return ck_fail(e, CK_ERR_ARGUMENT, "more than %d frames are missing: choose fewer with --frames",
                       MOST_STAND_INS);
    for (int i = 0; i < missing->n; i++)
        for (long v = missing->r[i].first; v <= missing->r[i].last && status == CK_OK; v += missing->r[i].step)
            status = add_stand_in(s, n, v, black, e);
    qsort(s->files, s->n, sizeof *s->files, by_number);
    /* Positions count as if there were no holes, whichever of them are filled. */
    for (size_t i = 0; i < s->n; i++)
        s->files[i].index = s->files[i].number - first;
    return status;
}

static ck_status list_missing(const ck_sequence *s, const ck_ranges *missing, ck_error *e)
{
    char list[300];
    bool one = ck_ranges_count(missing, 2) == 1;
    ck_ranges_format(missing, list, sizeof list);
    long *numbers = numbers_of(s);
    if (!numbers)
        return no_memory(e);
    ck_fail(e, CK_ERR_ARGUMENT,
            "no file has number%s %s (there are %ld to %ld): change --frames, or give --missing skip, black or nearest",
            one ? "" : "s", list, numbers[0], numbers[s->n - 1]);
    free(numbers);
    return CK_ERR_ARGUMENT;
}

static ck_status find_missing(const ck_sequence *s, const ck_ranges *keep, ck_ranges *missing, ck_error *e)
{
    if (!keep->n)
        return ck_sequence_holes(s, missing, e);
    long *numbers = numbers_of(s);
    ck_status status = numbers ? ck_ranges_missing(keep, numbers, s->n, missing, e) : no_memory(e);
    free(numbers);
    return status;
}

ck_status ck_sequence_select(ck_sequence *s, const ck_ranges *keep, ck_missing how, ck_error *e)
{
    if (keep->n == 0 && how == CK_MISSING_ERROR)
        return CK_OK;
    if (keep->n && !s->numbered)
        return ck_fail(e, CK_ERR_ARGUMENT, "the files have no numbers to choose frames by: name the files instead");
    ck_ranges missing = {0};
    drop_unreadable(s, keep);
    ck_status status = s->n ? find_missing(s, keep, &missing, e)
                            : ck_fail(e, CK_ERR_IO, "none of the files can be read: check their permissions");
    if (status == CK_OK && missing.n && how == CK_MISSING_ERROR)
        status = list_missing(s, &missing, e);
    else if (status == CK_OK && missing.n && how != CK_MISSING_SKIP)
        status = add_stand_ins(s, &missing, how == CK_MISSING_BLACK, e);
    if (status == CK_OK)
        drop_others(s, keep);
    if (status == CK_OK && !s->n)
        status = ck_fail(e, CK_ERR_ARGUMENT, "no frame of --frames exists");
    ck_ranges_free(&missing);
    return status;
}
