/* Planes of one row over a test's own numbers. */
#ifndef CK_TESTS_ROW_H
#define CK_TESTS_ROW_H

#include <math.h>
#include <stdio.h>

#include "stream/frame.h"

static inline ck_plane row(void *data, ck_type type, int w, const char *name)
{
    ck_plane p = {.type = type, .c = 1, .h = 1, .w = w, .data = data};
    p.elem = (uint32_t)ck_type_size(type);
    p.bytes = p.elem * (size_t)w;
    snprintf(p.name, sizeof p.name, "%s", name);
    snprintf(p.type_name, sizeof p.type_name, "%s", ck_type_name(type));
    return p;
}

/* The largest difference; of NaN, infinite. */
static inline float worst(const float *a, const float *b, int n)
{
    float most = 0;
    for (int i = 0; i < n; i++) {
        float d = fabsf(a[i] - b[i]);
        most = isnan(d) ? INFINITY : fmaxf(most, d);
    }
    return most;
}

#endif
