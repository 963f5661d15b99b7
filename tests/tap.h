/* Test Anything Protocol for C tests: ok(), similar helpers, and a plan at the end. */
#ifndef CK_TESTS_TAP_H
#define CK_TESTS_TAP_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failed;

/* One test point; prints file and line on failure. */
#define ok(cond, ...)                                                                                                  \
    do {                                                                                                               \
        bool tap_ok_ = (cond);                                                                                         \
        printf("%sok %d - ", tap_ok_ ? "" : "not ", ++tap_count);                                                      \
        printf(__VA_ARGS__);                                                                                           \
        printf("\n");                                                                                                  \
        if (!tap_ok_) {                                                                                                \
            tap_failed++;                                                                                              \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond);                                                        \
        }                                                                                                              \
    } while (0)

#define skip(why, ...)                                                                                                 \
    do {                                                                                                               \
        printf("ok %d - ", ++tap_count);                                                                               \
        printf(__VA_ARGS__);                                                                                           \
        printf(" # SKIP %s\n", why);                                                                                   \
    } while (0)

/* The larger of two differences.  NaN is larger than any; fmax passes it over. */
static inline double worse(double a, double b)
{
    return isnan(a) || b <= a ? a : b;
}

static inline float worsef(float a, float b)
{
    return isnan(a) || b <= a ? a : b;
}

/* Call at the end of main: `return done_testing();` */
static inline int done_testing(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed ? 1 : 0;
}

#endif
