/* The published recipe for a coarse hint: hue range, erosion, blur. */
#ifndef CK_KEY_HINT_H
#define CK_KEY_HINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

#define CK_HINT_ERODE 3 /* radius: the 7 px ellipse */
#define CK_HINT_BLUR 21 /* taps */

/* rgb (3,h,w) sRGB-encoded 8-bit to hint (h,w), 0 on the screen, 255 in the subject: not in the
 * screen's HSV range, eroded by the 7 px ellipse, blurred 21 x 21.  Slightly smaller than the
 * subject, which is what the network was trained on. */
ck_status ck_hint_hsv(const uint8_t *rgb, int h, int w, bool blue, uint8_t *hint, ck_error *e);

#endif
