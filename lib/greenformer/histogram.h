/* Histograms of a frame, to detect cuts. */
#ifndef CK_GREENFORMER_HISTOGRAM_H
#define CK_GREENFORMER_HISTOGRAM_H

#define CK_HISTOGRAM_BINS 32

/* Shares of every fourth pixel of every fourth row by value: red, green, blue, coarse matte. */
typedef struct ck_histogram {
    double share[4][CK_HISTOGRAM_BINS];
} ck_histogram;

/* rgb [3][h][w] as ck_input_rgb makes it, alpha_logits [h/4][w/4]; h and w multiples of 4. */
ck_histogram ck_histogram_of(const float *rgb, const float *alpha_logits, int h, int w);

/* The share of samples, 0 to 1, that would have to change to another bin to make one the other, in the channel where
 * it is largest. */
double ck_histogram_distance(const ck_histogram *a, const ck_histogram *b);

#endif
