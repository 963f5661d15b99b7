#include "key/spread.h"

#include "base/clones.h"

/* Values from <= i < end, which have neighbours: q pixels each, half of them before its centre. */
static inline void spread_cells(const float *restrict f, const float *restrict part, int from, int end, int q,
                                float *restrict out)
{
    for (int i = from; i < end; i++) {
        float rise = f[i] - f[i - 1], next = f[i + 1] - f[i];
        for (int j = 0; j < q / 2; j++) {
            int x = i * q + j, y = x + q / 2;
            out[x] = f[i - 1] + part[x] * rise;
            out[y] = f[i] + part[y] * next;
        }
    }
}

/* Usual sides are constants, which compilers make vectors of. */
CK_CLONES
static void spread_even(const float *f, const float *part, int from, int end, int q, float *out)
{
    if (q == 2)
        spread_cells(f, part, from, end, 2, out);
    else if (q == 4)
        spread_cells(f, part, from, end, 4, out);
    else if (q == 8)
        spread_cells(f, part, from, end, 8, out);
    else
        spread_cells(f, part, from, end, q, out);
}

CK_CLONES
static void spread_any(const float *restrict f, int n, const int *restrict left, const float *restrict part, int x0,
                       int x1, float *restrict out)
{
    for (int x = x0; x < x1; x++) {
        int i = left[x], j = i + 1 < n ? i + 1 : i;
        out[x] = f[i] + part[x] * (f[j] - f[i]);
    }
}

void ck_key_spread(const ck_key_places *p, const float *f, int x0, int x1, float *out)
{
    int from = x1, end = x1;
    if (p->even) {
        int last = p->w / p->even < p->n - 1 ? p->w / p->even : p->n - 1;
        from = x0 / p->even > 1 ? x0 / p->even : 1;
        end = (x1 + p->even - 1) / p->even < last ? (x1 + p->even - 1) / p->even : last;
        if (from < end)
            spread_even(f, p->part, from, end, p->even, out);
        from = from < end ? from * p->even : x1;
        end = end * p->even;
    }
    spread_any(f, p->n, p->left, p->part, x0, from < x1 ? from : x1, out);
    if (from < x1)
        spread_any(f, p->n, p->left, p->part, end, x1, out);
}
