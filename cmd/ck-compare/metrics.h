/* The difference between a matte and the true one, in the measures that matting papers use.
 *
 * Mattes are (h,w) float32, clamped to 0…1 before anything else; N pixels; sums in double.
 *
 *     MAD    1e3 mean |p - t|                MSE   1e3 mean (p - t)^2
 *     Grad   sum (|grad t| - |grad p|)^2 / 1e3, gradients by 9x9 derivatives of a Gaussian, sigma 1.4, each divided by
 *            its Frobenius norm; borders repeated
 *     Conn   sum |phi(t) - phi(p)| / 1e3.  C(theta), theta = 0.1, 0.2 … 1: the largest 4-connected component of the
 *            pixels where both mattes are >= theta.  l of a pixel: theta - 0.1 of the first C that lacks it, 1 if
 *            every C has it.  phi(x) = 1 - d where d = x - l >= 0.15, else 1
 *     dtSSD  1e2 sqrt(mean ((p - p') - (t - t'))^2), p' and t' of the frame before
 *     PSNR   10 log10(1 / mean (p - t)^2), infinite for equal mattes
 *     SSIM   mean over the pixels whose 11x11 window lies inside the picture; Gaussian weights, sigma 1.5, K 0.01 and
 *            0.03.  A smaller picture: 1 if the mattes are equal, else 0
 *
 * Source: Rhemann et al. 2009 (Grad, Conn), Erofeev et al. 2015 (dtSSD), Wang et al. 2004 (SSIM), with the constants of
 * Robust Video Matting's evaluation. */
#ifndef CK_CMD_COMPARE_METRICS_H
#define CK_CMD_COMPARE_METRICS_H

#include "base/status.h"

typedef struct ck_metrics {
    double mad, mse, grad, conn, dtssd, psnr, ssim;
} ck_metrics;

/* last_truth, last: the previous frame; NULL for the first one, whose dtssd is 0.  Allocates a few planes of scratch.
 * CK_ERR_MEMORY. */
ck_status ck_metrics_matte(const float *truth, const float *matte, const float *last_truth, const float *last, int h,
                           int w, ck_metrics *out, ck_error *e);

/* 1e3 times the mean difference of three planes where 0.05 < truth < 0.95; 0 if there is no such pixel. */
double ck_metrics_colour(const float *truth, const float *true_fg, const float *fg, int h, int w);

#endif
