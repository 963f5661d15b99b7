/* Buffers with sentinels on both sides, and random numbers from a seed. */
#ifndef CK_TESTS_GUARD_H
#define CK_TESTS_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUARD 256 /* bytes before and after */

typedef struct guard {
    void *data; /* 64-byte aligned, filled with 0xcd */
    size_t size;
    unsigned char *all;
} guard;

static inline guard guard_new(size_t size)
{
    guard g = {.size = size, .all = aligned_alloc(64, GUARD + (size + GUARD + 63) / 64 * 64)};
    if (!g.all) {
        printf("Bail out! out of memory\n");
        exit(1);
    }
    memset(g.all, 0xa5, GUARD + size + GUARD);
    g.data = g.all + GUARD;
    memset(g.data, 0xcd, size);
    return g;
}

/* True if nothing outside was written.  Frees the buffer. */
static inline bool guard_done(guard *g)
{
    bool good = true;
    for (size_t i = 0; i < GUARD; i++)
        good = good && g->all[i] == 0xa5 && g->all[GUARD + g->size + i] == 0xa5;
    free(g->all);
    g->all = NULL;
    return good;
}

static inline uint32_t rnd(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* A random float in [lo, hi). */
static inline float rnd_float(uint32_t *seed, float lo, float hi)
{
    return lo + (hi - lo) * (float)rnd(seed) / 16777216.0f;
}

/* A random integer in [lo, hi]. */
static inline int rnd_int(uint32_t *seed, int lo, int hi)
{
    return lo + (int)(rnd(seed) % (uint32_t)(hi - lo + 1));
}

#endif
