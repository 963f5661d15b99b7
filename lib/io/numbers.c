#include "io/numbers.h"

#include <stdlib.h>

#include "base/mem.h"

ck_status ck_numbers_add(ck_numbers *to, long number, ck_error *e)
{
    long *grown = ck_grown(to->v, to->n, &to->cap, sizeof *grown);
    if (!grown)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a list of frames");
    to->v = grown;
    grown[to->n++] = number;
    return CK_OK;
}

static int by_value(const void *a, const void *b)
{
    const long *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void ck_numbers_sort(ck_numbers *s)
{
    size_t n = 0;
    if (s->n)
        qsort(s->v, s->n, sizeof *s->v, by_value);
    for (size_t i = 0; i < s->n; i++)
        if (n == 0 || s->v[n - 1] != s->v[i])
            s->v[n++] = s->v[i];
    s->n = n;
}

long ck_numbers_find(const long *v, size_t n, long number)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (v[mid] == number)
            return (long)mid;
        if (v[mid] < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}
