/* Take the screen's colour out of a foreground. */
#ifndef CK_IMAGE_DESPILL_H
#define CK_IMAGE_DESPILL_H

#include <stdbool.h>
#include <stddef.h>

typedef enum ck_despill_mode {
    CK_DESPILL_AVERAGE, /* the screen's channel may reach the mean of the other two */
    CK_DESPILL_MAX      /* ... the larger of them */
} ck_despill_mode;

/* rgb (3,n) in place; channels may lie apart: channel k starts at rgb + k * plane.  Green screens:
 * s = max(g - limit, 0), then g - s, r + s/2, b + s/2; blue ones with g and b in each other's
 * place.  strength 0…1 mixes: in (1 - strength) + out strength.  Nothing is clamped. */
void ck_despill(float *rgb, size_t plane, size_t n, bool blue, ck_despill_mode mode, double strength);

#endif
