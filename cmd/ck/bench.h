/* Parts of `ck bench`. */
#ifndef CK_CK_BENCH_H
#define CK_CK_BENCH_H

#include <time.h>

#include "base/option.h"

static inline double ck_bench_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* Print the tables of transport between two processes, and of ck-encode and ck-decode, for pictures of that size in
 * pixels. */
ck_status ck_bench_stages(ck_size size, int threads, ck_error *e);

#endif
