/* The network's input from a frame's planes. */
#ifndef CK_GREENFORMER_INPUT_H
#define CK_GREENFORMER_INPUT_H

#include "stream/frame.h"

#define CK_LOGIT_STRIDE 4 /* pixels at inference size per logit, on each axis */

/* Normalisation that the encoder was trained with: (x - mean) / deviation, by channel. */
extern const float ck_input_mean[3], ck_input_deviation[3];

/* CK_ERR_ARGUMENT if the plane has fewer than `channels` channels, or an unknown type. */
ck_status ck_input_fits(const ck_plane *p, int channels, ck_error *e);

/* Resample the plate to h x w (triangle filter, widened where it shrinks; aspect ratio not kept).  Linear light is then
 * encoded as sRGB (negative to 0, unclamped above 1).  Then (x - mean) / deviation per channel.  rgb: 3 channels of u8,
 * u16, f16 or f32; out: [3][h][w]. */
ck_status ck_input_rgb(const ck_plane *rgb, int h, int w, float *out, ck_error *e);

/* Resample the first channel in the same way, without normalisation; out: [h][w].  CK_ERR_FORMAT if it is not
 * finite. */
ck_status ck_input_hint(const ck_plane *hint, int h, int w, float *out, ck_error *e);

#endif
