/* What a frame looks like, in a few numbers: to tell whether another is still much the same. */
#ifndef CK_MODEL_LOOK_H
#define CK_MODEL_LOOK_H

#define CK_LOOK_BINS 32

/* Shares of every fourth pixel of every fourth row by value: red, green, blue, coarse matte. */
typedef struct ck_look {
    double share[4][CK_LOOK_BINS];
} ck_look;

/* rgb [3][h][w] as ck_input_rgb makes it, alpha_logits [h/4][w/4]; h and w multiples of 4. */
ck_look ck_look_at(const float *rgb, const float *alpha_logits, int h, int w);

/* The share of samples, 0 to 1, that would have to change to another bin to make one the other, in the channel where
 * it is largest. */
double ck_look_distance(const ck_look *a, const ck_look *b);

#endif
