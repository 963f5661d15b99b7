/* The screen's colour by hand: a colour, or a spot of the plate. */
#ifndef CK_KEY_HAND_H
#define CK_KEY_HAND_H

#include <stdbool.h>

#include "base/status.h"
#include "stream/frame.h"

#define CK_HAND_RADIUS 4 /* default; pixels */
#define CK_HAND_RADIUS_MAX 256

typedef struct ck_hand {
    bool colour, spot; /* which of them; at most one */
    float rgb[3];      /* linear light */
    int x, y, r;       /* pixels with their centres within r of (x,y)'s */
} ck_hand;             /* all zero = automatic */

/* Of the texts "R,G,B", sRGB-encoded 0…255, and "X,Y[,R]"; NULL where an option is not given.  CK_ERR_ARGUMENT names
 * the option. */
ck_status ck_hand_parse(const char *colour, const char *spot, ck_hand *out, ck_error *e);

/* The colour in one frame's plate (3,h,w), linear light: the one that was given, or the median of the spot's pixels,
 * channel by channel.  CK_ERR_FORMAT where the spot is outside the plate. */
ck_status ck_hand_colour(const ck_hand *hand, const ck_plane *rgb, float out[3], ck_error *e);

/* The kind of screen: the larger of green and blue. */
static inline bool ck_hand_blue(const float rgb[3])
{
    return rgb[2] > rgb[1];
}

/* CK_ERR_FORMAT for a colour that no screen of this kind has: too dark, or more of another hue. */
ck_status ck_hand_check(const float rgb[3], bool blue, ck_error *e);

#endif
