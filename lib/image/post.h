/* The outputs for compositors: a premultiplied element, and a preview over a checkerboard or background. */
#ifndef CK_IMAGE_POST_H
#define CK_IMAGE_POST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "image/despill.h"
#include "stream/frame.h"

typedef struct ck_post_options {
    double despill; /* strength, in [0, 1] */
    ck_despill_mode mode;
    bool blue;
    bool codes;                 /* fg has an unknown curve: mix its codes unconverted */
    bool mirrored;              /* fg below 0 is kept by the mirrored curve; else it becomes 0, as in the original */
    bool tone_map;              /* comp: ck_tone_map before it is encoded, for HDR */
    const ck_plane *background; /* [3, h, w] of any of the four types, for comp; NULL: a checkerboard */
    /* comp: linear light of Rec. 709 to codes, in place of tone mapping and sRGB.  NULL: not. */
    void (*view)(const void *view, float *r, float *g, float *b, size_t n);
    const void *viewed; /* its first argument */
} ck_post_options;

/* The planes of a frame.  alpha: [h, w] f32, final (despeckled).
 *
 * processed: [4, h, w] f32 or f16: to_linear(despilled fg) * alpha, then alpha; linear, premultiplied, unclamped.
 *
 * comp: [3, h, w] u8, sRGB: the same over the background, mixed in linear light, encoded, clamped, fractions discarded.
 * NULL: not made.  The checkerboard has squares of 128 px, sRGB 0.15 (top left) and 0.55.
 *
 * With `codes` nothing is converted to linear or encoded. */
typedef struct ck_post_job {
    const ck_post_options *o;
    const float *alpha;
    void *processed;
    ck_type processed_type;
    uint8_t *comp;
    int h, w;
    float checker[2];       /* of the squares: linear, or codes; set by ck_post_begin */
    float checker_codes[2]; /* as the composite has them; likewise */
} ck_post_job;

void ck_post_begin(ck_post_job *j);
/* Row y of the outputs.  fg: w samples of each channel, u8, u16, f16 or f32, straight, sRGB-encoded.  Rows are
 * independent of each other. */
void ck_post_row(const ck_post_job *j, int y, const void *const fg[3], ck_type fg_type);

/* All rows; fg: [3, h, w]. */
void ck_post_frame(const ck_post_options *o, const float *alpha, const void *fg, ck_type fg_type, int h, int w,
                   void *processed, ck_type processed_type, uint8_t *comp);

/* n pixels of linear light, 1 is diffuse white: highlights are compressed into what a display shows.  m, the largest of
 * r, g and b, becomes m up to K = 0.75, above it K + (1 - K) t / (1 + t) with t = (m - K) / (1 - K); r, g and b are
 * multiplied by the same factor, so that hues stay. */
void ck_tone_map(float *r, float *g, float *b, size_t n);

#endif
