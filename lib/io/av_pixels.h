/* A decoded libav frame as a plane of ours.
 *
 *     RGB, palette, grey of 8 or 16 bits   u8, u16: the codes
 *     other depths, grey of limited range  f32: code / (2^n - 1), or by the range
 *     float                                f32
 *     YUV                                  f32 by yuv.h, excursions kept
 *     Bayer, XYZ                           u16, through swscale
 *
 * Alpha is dropped from RGB, grey repeated; other wants as pick.h makes them. */
#ifndef CK_IO_AV_PIXELS_H
#define CK_IO_AV_PIXELS_H

#include "io/av_colour.h"
#include "io/orient.h"
#include "io/still.h"

/* Adds plane `name`, upright.  Its encoding is ck_av_encoding(av), "" for a mask. */
ck_status ck_av_plane(const struct AVFrame *av, const ck_av_choice *choice, ck_orient o, ck_want want, const char *name,
                      ck_frame *f, ck_error *e);

/* True if swscale converts it to RGB: for --verbose. */
bool ck_av_needs_swscale(const struct AVFrame *av);

#endif
