/* From a frame's planes to what the network sees. */
#ifndef CK_MODEL_INPUT_H
#define CK_MODEL_INPUT_H

#include "stream/frame.h"

/* Resized to h x w (triangle filter, widened where it shrinks; aspect not kept), from linear light converted to sRGB
 * after that (negative to 0, nothing clamped above 1), then (x - mean) / deviation per channel.
 * rgb: 3 channels of u8, u16, f16 or f32; out: [3][h][w]. */
ck_status ck_input_rgb(const ck_plane *rgb, int h, int w, float *out, ck_error *e);

/* The first channel, resized the same way and used as it is; out: [h][w]. */
ck_status ck_input_hint(const ck_plane *hint, int h, int w, float *out, ck_error *e);

#endif
