/* Synthetic green- and blue-screen shots whose matte and foreground are known.
 *
 * A shot is chosen by its seed: a person's build, pose, colours and hair, a flying scarf, a
 * waving arm, the screen's tint, light, folds and markers, spill and grain.  The frame number
 * moves them, at 24 frames per second.  Everything is composited in linear light:
 *
 *     plate = foreground * alpha + screen * (1 - alpha) + spill      (linear)
 *     rgb   = 8 bits of (sRGB(plate) + grain)
 *
 * The same seed and size give the same bytes on one machine, whatever the threads. */
#ifndef CK_CMD_SYNTH_SYNTH_H
#define CK_CMD_SYNTH_SYNTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef struct ck_synth {
    int w, h; /* pixels */
    uint64_t seed;
    bool blue; /* a blue screen; else green */
} ck_synth;

/* Draw frame t.  rgb: (3,h,w) 8-bit sRGB plate; alpha: (h,w) true coverage, 0…1; fg: (3,h,w)
 * straight sRGB-encoded foreground, 0 where alpha is 0.  Thread-safe.  CK_ERR_MEMORY. */
ck_status ck_synth_draw(const ck_synth *s, int t, uint8_t *rgb, float *alpha, float *fg, ck_error *e);

#endif
