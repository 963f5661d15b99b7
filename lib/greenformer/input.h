/* From a frame's planes to what the network sees. */
#ifndef CK_GREENFORMER_INPUT_H
#define CK_GREENFORMER_INPUT_H

#include "stream/frame.h"

#define CK_LOGIT_STRIDE 4 /* pixels at inference size per logit, in each direction */

/* Normalisation that the encoder was trained with: (x - mean) / deviation, by channel. */
extern const float ck_input_mean[3], ck_input_deviation[3];

/* CK_ERR_ARGUMENT if the network cannot take `channels` channels of the plane. */
ck_status ck_input_fits(const ck_plane *p, int channels, ck_error *e);

/* Resized to h x w (triangle filter, widened where it shrinks; aspect not kept), from linear light converted to sRGB
 * after that (negative to 0, nothing clamped above 1), then (x - mean) / deviation per channel.
 * rgb: 3 channels of u8, u16, f16 or f32; out: [3][h][w]. */
ck_status ck_input_rgb(const ck_plane *rgb, int h, int w, float *out, ck_error *e);

/* The first channel, resized the same way and used as it is; out: [h][w].  CK_ERR_FORMAT if that is not finite. */
ck_status ck_input_hint(const ck_plane *hint, int h, int w, float *out, ck_error *e);

#endif
