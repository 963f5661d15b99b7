/* Despill: reduce the screen's colour in a foreground. */
#ifndef CK_IMAGE_DESPILL_H
#define CK_IMAGE_DESPILL_H

#include <stdbool.h>
#include <stddef.h>

typedef enum ck_despill_mode {
    CK_DESPILL_AVERAGE, /* limit: the mean of the other two channels */
    CK_DESPILL_MAX      /* limit: the larger of the other two */
} ck_despill_mode;

/* Despill rgb [3, n] in place; channel k starts at rgb + k * plane.  For a green screen s = max(g - limit, 0); then g -
 * s, r + s/2, b + s/2.  For a blue screen g and b are swapped.  strength in [0, 1]: in * (1 - strength) + out *
 * strength.  Nothing is clamped. */
void ck_despill(float *rgb, size_t plane, size_t n, bool blue, ck_despill_mode mode, double strength);

#endif
