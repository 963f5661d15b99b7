/* OpenCV's 8-bit HSV, and which pixels are screen in it. */
#ifndef CK_KEY_HSV_H
#define CK_KEY_HSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* n pixels to hsv (3,n): h 0…179, s and v 0…255, by OpenCV's integer tables.  Channel k of rgb
 * starts at rgb + k * plane.  They must not overlap. */
void ck_hsv(const uint8_t *rgb, size_t plane, uint8_t *hsv, size_t n);

/* The screen's range, all ends included: h 35…85 (blue: 95…135), s 40…255, v 30…255. */
#define CK_HSV_GREEN_LOW 35
#define CK_HSV_GREEN_HIGH 85
#define CK_HSV_BLUE_LOW 95
#define CK_HSV_BLUE_HIGH 135
#define CK_HSV_MIN_S 40
#define CK_HSV_MIN_V 30

/* mask (n): 0 where the planar rgb (3,n) is in the screen's range, 255 elsewhere. */
void ck_hsv_subject(const uint8_t *rgb, bool blue, uint8_t *mask, size_t n);

#endif
