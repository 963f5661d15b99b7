/* Conversion of a decoded libav frame to a plane.
 *
 *     RGB, palette, grey of 8 or 16 bits   u8, u16: the codes
 *     other depths, grey of limited range  f32: code / (2^n - 1), or scaled by the range
 *     float                                f32
 *     YUV                                  f32 by yuv.h, values outside [0, 1] kept
 *     Bayer, XYZ                           u16, through swscale
 *
 * Wanted as RGB, alpha is dropped and grey repeated; for other wants see pick.h. */
#ifndef CK_IO_AV_PIXELS_H
#define CK_IO_AV_PIXELS_H

#include "io/av_colour.h"
#include "io/orient.h"
#include "io/still.h"

/* Add plane `name`, upright.  Its encoding is ck_av_encoding(av), "" for a mask. */
ck_status ck_av_plane(const struct AVFrame *av, const ck_av_choice *choice, ck_orient o, ck_want want, const char *name,
                      ck_frame *f, ck_error *e);

/* True if samples are whole numbers, so that no plane made of them has NaN or infinity. */
bool ck_av_whole_numbers(const struct AVFrame *av);

/* True if swscale does the conversion to RGB (for --verbose). */
bool ck_av_needs_swscale(const struct AVFrame *av);

#endif
