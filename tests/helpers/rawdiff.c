/* rawdiff [-h] A B: the largest difference between two files of floats.
 *
 * -h: A holds halves.  The difference is then how far B is from the floats that round to A.
 *
 * They are compared from their ends, so a .npy header before A's data does not matter; B must not be longer.  Prints
 * one number, which may be "nan". */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/floats.h"

/* All numbers of a file, each of `bytes`. */
static void *load(const char *path, size_t bytes, size_t *n)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END))
        return NULL;
    long size = ftell(f);
    rewind(f);
    /* Aligned to the end: skip an incomplete number at the start. */
    void *data = malloc((size_t)size + 1);
    *n = (size_t)size / bytes;
    if (!data || fseek(f, size % (long)bytes, SEEK_SET) || fread(data, bytes, *n, f) != *n)
        return NULL;
    fclose(f);
    return data;
}

static double half(uint16_t h)
{
    float v;
    ck_f16_to_f32(&h, &v, 1);
    return (double)v;
}

/* Finite a: the floats that round to it reach half way to its neighbours. */
static double beyond(uint16_t a, double b)
{
    bool zero = !(a & 0x7fff);
    double v = half(a), out = fabs(half((uint16_t)(a + 1)) - v) / 2,
           in = zero ? out : fabs(half((uint16_t)(a - 1)) - v) / 2,
           d = v < 0 || (zero && b < 0) ? v - b : b - v; /* away from 0 */
    return isnan(b) ? b : d > out ? d - out : -d > in ? -d - in : 0;
}

int main(int argc, char **argv)
{
    size_t n, m;
    bool halves = argc == 4 && !strcmp(argv[1], "-h");
    void *a = argc == 3 || halves ? load(argv[argc - 2], halves ? sizeof(uint16_t) : sizeof(float), &n) : NULL;
    float *b = a ? load(argv[argc - 1], sizeof *b, &m) : NULL;
    if (!b || m > n || m == 0) {
        fprintf(stderr, "rawdiff: cannot compare\n");
        return 1;
    }
    double worst = 0;
    for (size_t i = 0; i < m; i++) {
        double d = halves ? beyond(((uint16_t *)a)[n - m + i], (double)b[i])
                          : fabs((double)((float *)a)[n - m + i] - (double)b[i]);
        if (!(d <= worst))
            worst = d;
    }
    printf("%.3g\n", worst);
    free(a);
    free(b);
    return 0;
}
