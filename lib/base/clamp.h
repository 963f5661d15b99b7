/* The project's only clamps. */
#ifndef CK_BASE_CLAMP_H
#define CK_BASE_CLAMP_H

/* v clamped to [0, 1].  NaN fails every comparison and becomes 0. */
static inline float ck_clamp01(float v)
{
    float low = v > 0 ? v : 0;
    return low < 1 ? low : 1;
}

/* i clamped to [0, n-1]. */
static inline int ck_clamp_index(int i, int n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

#endif
