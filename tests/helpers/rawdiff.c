/* rawdiff A B: the largest difference between two files of floats.
 *
 * They are compared from their ends, so a .npy header before A's data does not matter; B must not be longer.  Prints
 * one number, which may be "nan". */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static float *load(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END))
        return NULL;
    long size = ftell(f);
    rewind(f);
    /* Aligned to the end: skip an incomplete float at the start. */
    float *data = malloc((size_t)size + 1);
    *n = (size_t)size / sizeof *data;
    if (!data || fseek(f, size % (long)sizeof *data, SEEK_SET) || fread(data, sizeof *data, *n, f) != *n)
        return NULL;
    fclose(f);
    return data;
}

int main(int argc, char **argv)
{
    size_t n, m;
    float *a = argc == 3 ? load(argv[1], &n) : NULL, *b = a ? load(argv[2], &m) : NULL;
    if (!b || m > n || m == 0) {
        fprintf(stderr, "rawdiff: cannot compare\n");
        return 1;
    }
    double worst = 0;
    for (size_t i = 0; i < m; i++) {
        double d = fabs((double)a[n - m + i] - (double)b[i]);
        if (!(d <= worst))
            worst = d;
    }
    printf("%.3g\n", worst);
    free(a);
    free(b);
    return 0;
}
