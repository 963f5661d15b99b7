/* Coverage of a pixel under a supposition about its foreground.
 *
 * d = pixel - b, b = the local screen, all linear.  In plate = a F + (1 - a) b the coverage a and
 * the colour F hide behind each other: d = a (F - b).  Each function supposes something about F. */
#ifndef CK_KEY_COVER_H
#define CK_KEY_COVER_H

#include "key/part.h"

/* The brightness of something light relative to the screen's own channel, and at most (linear). */
#define CK_KEY_LIGHT 1.1f
#define CK_KEY_LIGHT_MAX 0.7f
/* Weight of brightness differences against colour differences: foregrounds vary in
 * brightness much more than they do in saturation. */
#define CK_KEY_GREY_WEIGHT 0.15f
#define CK_KEY_SHOWS 0.2f    /* free of the screen's hue (ck_key_if_not_screen), below which it may be what one sees */
#define CK_KEY_TEXTURE 0.06f /* a foreground's local variation, relative */

/* Projection of d on the way from the screen to something light and of little colour.  dx / xx: the
 * regression of d on that way; dx / sqrt(dd xx): whether it leads there at all. */
typedef struct ck_key_way {
    float dx, dd, xx;
} ck_key_way;

static inline ck_key_way ck_key_way_of(const float d[3], const float b[3], ck_key_axes ax)
{
    float light = CK_KEY_LIGHT * b[ax.m] < CK_KEY_LIGHT_MAX ? CK_KEY_LIGHT * b[ax.m] : CK_KEY_LIGHT_MAX;
    float x[3] = {light - b[0], light - b[1], light - b[2]};
    float mx = (x[0] + x[1] + x[2]) * ((1 - CK_KEY_GREY_WEIGHT) / 3),
          md = (d[0] + d[1] + d[2]) * ((1 - CK_KEY_GREY_WEIGHT) / 3);
    ck_key_way w = {0, 0, 0};
    for (int c = 0; c < 3; c++) {
        w.dx += d[c] * (x[c] - mx);
        w.xx += x[c] * (x[c] - mx);
        w.dd += d[c] * (d[c] - md);
    }
    return w;
}

/* Something light and of little colour; not clamped. */
static inline float ck_key_if_neutral(const float d[3], const float b[3], ck_key_axes ax)
{
    ck_key_way w = ck_key_way_of(d, b, ax);
    /* The foreground's colour is only roughly known: the regression of d on x reads too little,
     * that of x on d too much.  Half way, and never far above the first, which grain leaves alone. */
    float low = w.dx / (w.xx > 1e-6f ? w.xx : 1e-6f), high = w.dd / (w.dx > 1e-4f ? w.dx : 1e-4f);
    high = high > 1 ? 1 : high;
    high = high > 1.6f * low ? 1.6f * low : high;
    return 0.5f * (low + high);
}

/* 1 where d leads to more of the screen's hue, not to less, as nothing does that one sees the screen
 * through; 0 where it leads to grey or black. */
static inline float ck_key_if_richer(const float d[3], const float b[3], ck_key_axes ax)
{
    ck_key_way w = ck_key_way_of(d, b, ax);
    float length = sqrtf(w.dd * w.xx);
    return ck_key_ramp(-w.dx, -0.2f * length, 0.1f * length + 1e-6f);
}

/* The least that any colour between black and white explains, 0…1. */
static inline float ck_key_if_any(const float d[3], const float b[3])
{
    float a = 0;
    for (int c = 0; c < 3; c++) {
        float white = b[c] < 0.9f ? 1 - b[c] : 0.1f, black = b[c] > 0.03f ? b[c] : 1; /* below, grain decides */
        float darker = b[c] > 0.03f ? -d[c] : 0;
        float v = (d[c] > 0 ? d[c] : darker) / (d[c] > 0 ? white : black); /* nothing is beyond white or black */
        a = v > a ? v : a;
    }
    return a < 1 ? a : 1;
}

/* Something without the screen's hue: the colour difference, not clamped. */
static inline float ck_key_if_not_screen(const float d[3], const float b[3], ck_key_axes ax)
{
    float im = d[ax.m] + b[ax.m], iu = d[ax.u] + b[ax.u], iv = d[ax.v] + b[ax.v];
    float excess = b[ax.m] - (b[ax.u] > b[ax.v] ? b[ax.u] : b[ax.v]);
    return 1 - (im - (iu > iv ? iu : iv)) / (excess > 0.02f ? excess : 0.02f);
}

/* The linear colour f, 0…1; *cost says how badly that explains d: 1 = as well as grain (its variance
 * noise2, all channels together) and texture allow. */
static inline float ck_key_if_sample(const float d[3], const float b[3], const float f[3], float noise2, float *cost)
{
    float x[3] = {f[0] - b[0], f[1] - b[1], f[2] - b[2]};
    float a = (d[0] * x[0] + d[1] * x[1] + d[2] * x[2]) / (x[0] * x[0] + x[1] * x[1] + x[2] * x[2] + 1e-6f);
    a = ck_clamp01(a);
    float miss = ck_key_sq(d[0] - a * x[0]) + ck_key_sq(d[1] - a * x[1]) + ck_key_sq(d[2] - a * x[2]);
    float f2 = f[0] * f[0] + f[1] * f[1] + f[2] * f[2];
    *cost = miss / (noise2 + ck_key_sq(CK_KEY_TEXTURE * a) * (f2 + 0.02f));
    return a;
}

/* Is pixel c of another hue than the screen b: 0 no, 1 yes.  Hues are the two other channels relative
 * to the screen's own: shadows, folds and lamps' spots keep them. */
#define CK_KEY_SAME_HUE 0.055f /* patches of one screen differ by less, in compressed footage too */
#define CK_KEY_OTHER_HUE 0.1f  /* cloth of another green by more */
static inline float ck_key_other_hue(const float c[3], const float b[3], ck_key_axes ax)
{
    float u = c[ax.u] / (c[ax.m] + 1e-4f) - b[ax.u] / b[ax.m], v = c[ax.v] / (c[ax.m] + 1e-4f) - b[ax.v] / b[ax.m];
    u = u < 0 ? -u : u;
    v = v < 0 ? -v : v;
    return ck_key_ramp(u > v ? u : v, CK_KEY_SAME_HUE, CK_KEY_OTHER_HUE);
}

#endif
