/* Histograms of a frame, for the detection of cuts. */
#ifndef CK_GREENFORMER_HISTOGRAM_H
#define CK_GREENFORMER_HISTOGRAM_H

#define CK_HISTOGRAM_BINS 32

/* Share of pixels per bin, over every fourth pixel of every fourth row, of red, green, blue and the coarse matte. */
typedef struct ck_histogram {
    double share[4][CK_HISTOGRAM_BINS];
} ck_histogram;

/* rgb: [3][h][w] from ck_input_rgb; alpha_logits: [h/4][w/4]; h and w multiples of 4. */
ck_histogram ck_histogram_of(const float *rgb, const float *alpha_logits, int h, int w);

/* Share of samples in [0, 1] that would have to change bins to turn one histogram into the other; the maximum over the
 * four channels. */
double ck_histogram_distance(const ck_histogram *a, const ck_histogram *b);

#endif
