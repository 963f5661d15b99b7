#include "base/near.h"

#include <string.h>

enum { LONGEST = 32 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters inserted, removed, replaced, or exchanged with the next one.  d[i][k]: from a's first i to b's first k. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t d[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= n; i++)
        for (size_t k = 0; k <= m; k++) {
            if (i == 0 || k == 0) {
                d[i][k] = i + k;
                continue;
            }
            d[i][k] = least(d[i - 1][k - 1] + (a[i - 1] != b[k - 1]), 1 + least(d[i - 1][k], d[i][k - 1]));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                d[i][k] = least(d[i][k], 1 + d[i - 2][k - 2]);
        }
    return d[n][m];
}

void ck_near_try(ck_near *near, const char *name)
{
    size_t m = strlen(name), most = least(near->n, m) < 5 ? 1 : 2;
    if (near->n > LONGEST || m > LONGEST)
        return;
    size_t d = distance(near->typed, near->n, name, m);
    if (d > most || (near->name && d >= near->distance))
        return;
    near->name = name;
    near->distance = d;
}
