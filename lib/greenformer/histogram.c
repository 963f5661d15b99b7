#include "greenformer/histogram.h"

#include <math.h>
#include <stddef.h>

#include "greenformer/input.h"

/* Normalised samples of [0, 1] lie between -2.12 and 2.64 (ImageNet's mean and deviation). */
#define LOWEST (-2.2f)
#define HIGHEST 2.7f

static int bin(float v, float lo, float hi)
{
    float at = (v - lo) / (hi - lo) * CK_HISTOGRAM_BINS;
    return !(at > 0) ? 0 : at < CK_HISTOGRAM_BINS ? (int)at : CK_HISTOGRAM_BINS - 1;
}

ck_histogram ck_histogram_of(const float *rgb, const float *alpha_logits, int h, int w)
{
    ck_histogram l = {0};
    size_t pixels = (size_t)h * (size_t)w;
    double one = (double)(CK_LOGIT_STRIDE * CK_LOGIT_STRIDE) / (double)pixels;
    for (int y = 0; y < h; y += CK_LOGIT_STRIDE)
        for (int x = 0; x < w; x += CK_LOGIT_STRIDE) {
            size_t at = (size_t)y * (size_t)w + (size_t)x;
            for (size_t c = 0; c < 3; c++)
                l.share[c][bin(rgb[c * pixels + at], LOWEST, HIGHEST)] += one;
            float logit = alpha_logits[(size_t)(y / CK_LOGIT_STRIDE) * (size_t)(w / CK_LOGIT_STRIDE) +
                                       (size_t)(x / CK_LOGIT_STRIDE)];
            l.share[3][bin(1 / (1 + expf(-logit)), 0, 1)] += one;
        }
    return l;
}

double ck_histogram_distance(const ck_histogram *a, const ck_histogram *b)
{
    double most = 0;
    for (int c = 0; c < 4; c++) {
        double sum = 0;
        for (int i = 0; i < CK_HISTOGRAM_BINS; i++)
            sum += fabs(a->share[c][i] - b->share[c][i]);
        most = sum / 2 > most ? sum / 2 : most;
    }
    return most;
}
