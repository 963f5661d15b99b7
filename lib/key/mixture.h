/* The coverage of a pixel as what its colour makes likely, in the mean over every coverage from 0 to 1.
 *
 *     plate = a F + (1 - a) B      F, B, grain: normal distributions, all linear
 *
 * so for each a the plate's colour has a normal distribution too, and the pixel says how likely
 * that a is.  Several distributions of F are summed.  (Bayesian matting, Chuang et al. 2001, takes
 * the likeliest a; the mean is steadier: grain moves it, but never makes it jump.) */
#ifndef CK_KEY_MIXTURE_H
#define CK_KEY_MIXTURE_H

#include "key/palette.h"

#define CK_KEY_LANES 16                   /* coverages looked at: 0, 1/15, … 1 */
#define CK_KEY_KINDS (CK_KEY_REACHES + 2) /* distributions of F: the palette's, a grey one, any colour */

#define CK_KEY_ASKED 16 /* pixels that are asked about at once */

/* The grain around a place, in units of the screen's level. */
typedef struct ck_key_grain {
    float screen[6]; /* covariance of the bare screen's */
    float edge[6];   /* and what codecs add to it beside edges */
} ck_key_grain;

/* All that the pixels of a map pixel share. */
typedef struct ck_key_mixture {
    int kinds;
    float b[3];
    struct ck_key_kind {
        float inverse[6][CK_KEY_LANES]; /* of the covariance at each coverage */
        float weight[CK_KEY_LANES];     /* 1 / sqrt(its determinant), times the kind's */
        float way[3][CK_KEY_LANES];     /* from the screen's colour to the mixture's */
    } kind[CK_KEY_KINDS];
} ck_key_mixture;

/* A pixel's colour says this: the mean coverage, and how much likelier 0 and 1 are than the average
 * coverage is. */
typedef struct ck_key_said {
    float mean, bare, solid;
} ck_key_said;

void ck_key_mixture_set(ck_key_mixture *m, const ck_key_colours *kinds, int n, const float b[3], const ck_key_grain *g);
/* c: the colours of n pixels, at most CK_KEY_ASKED. */
void ck_key_mixture_ask(const ck_key_mixture *m, const float (*c)[3], int n, ck_key_said *out);

/* Coverage, when 0 and 1 are by so much more to be expected than any other. */
static inline float ck_key_expect(ck_key_said s, float bare, float solid)
{
    return (s.mean + solid * s.solid) / (1 + bare * s.bare + solid * s.solid);
}

#endif
