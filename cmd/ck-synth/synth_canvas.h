/* Drawing for synth.c: antialiased shapes laid over each other, premultiplied and linear. */
#ifndef CK_CMD_SYNTH_SYNTH_CANVAS_H
#define CK_CMD_SYNTH_SYNTH_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ck_canvas {
    int w, h;
    float *p[3];  /* [h*w] linear colour times coverage */
    float *a;     /* [h*w] coverage */
    float *cover; /* [h*w] scratch, zero between calls */
} ck_canvas;

typedef struct ck_vec {
    float x, y;
} ck_vec;

/* The material of a shape.  depth: how far in pixels the surface curves in from its edge, 0 = flat. */
typedef struct ck_material {
    float colour[3]; /* linear */
    float depth;
    float stripe, stripe_angle; /* period in pixels, 0 = plain; radians */
    float opacity;
} ck_material;

/* A shape is its signed distance in pixels, negative inside. */
typedef float (*ck_shape)(const void *shape, float x, float y);

typedef struct ck_canvas_ellipse {
    ck_vec c, r;
} ck_canvas_ellipse;
float ck_shape_ellipse(const void *ellipse, float x, float y);

typedef struct ck_capsule {
    ck_vec a, b;
    float ra, rb; /* radii at the ends */
} ck_capsule;
float ck_shape_capsule(const void *capsule, float x, float y);

/* Draw the shape over the canvas.  box: bounds x0 y0 x1 y1; edge: width in pixels over which coverage falls from 1 to
 * 0. */
void ck_canvas_shape(ck_canvas *c, const float box[4], ck_shape f, const void *shape, float edge, const ck_material *m);

/* Add `weight` times the shape's coverage to the scratch, which ck_canvas_flush draws in one colour and clears.  For
 * motion blur, and for shapes joined without a seam. */
void ck_canvas_add(ck_canvas *c, const float box[4], ck_shape f, const void *shape, float edge, float weight);
void ck_canvas_flush(ck_canvas *c, const float box[4], const ck_material *m);

/* Draw a hair from a to d, bent towards b, `width` pixels at the root, thinning to its tip. */
void ck_canvas_hair(ck_canvas *c, ck_vec a, ck_vec b, ck_vec d, float width, const float colour[3], float opacity);

/* Random numbers: splitmix64. */
typedef struct ck_random {
    uint64_t state;
} ck_random;
uint64_t ck_random_next(ck_random *r);
float ck_random_in(ck_random *r, float lo, float hi);

#endif
