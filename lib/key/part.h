/* Shared by the key's files.  The plate is looked at twice: every pixel for what differs from
 * the bare screen, and a coarse map, about 540 pixels on its short side whatever the plate's
 * size, for what the differing parts are: solid, soft, a marker, grain.
 *
 *     ck_key_map_scan      plate  -> evidence and coarse colours                   map.c
 *     ck_key_map_cues      colours -> how solid each coarse pixel may be
 *     ck_key_regions       cues   -> seen, core, veil, sure                      region.c, marker.c, core.c
 *     ck_key_lenders       sure   -> how much of its colour is its own              lender.c
 *     ck_key_palette_new   lends  -> the subject's colours around every place    palette.c
 *     ck_key_mixture_ask   a pixel between the screen and those: its coverage    mixture.c
 *     ck_key_matte         … given what the pixels around it are                 matte.c, surround.c, quiet.c */
#ifndef CK_KEY_PART_H
#define CK_KEY_PART_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clamp.h"
#include "image/colour.h"
#include "key/key.h"

/* The screen's channel and the two others. */
typedef struct ck_key_axes {
    size_t m, u, v;
} ck_key_axes;

static inline ck_key_axes ck_key_axes_of(bool blue)
{
    return blue ? (ck_key_axes){2, 0, 1} : (ck_key_axes){1, 0, 2};
}

static inline float ck_key_ramp(float v, float from, float to)
{
    return ck_clamp01((v - from) / (to - from));
}
static inline float ck_key_sq(float v)
{
    return v * v;
}

/* Difference of a pixel of linear channels m, u, v (named by ck_key_axes) from the local screen colour:
 * brightness relative to the screen's less 1, and the two other channels beside that brightness.
 * `root` = sqrt(local screen / mean screen) brings them to the level of the screen's mean: grain
 * in linear light grows about as the root of the level. */
static inline void ck_key_residual(float im, float iu, float iv, float bm, float bu, float bv, float root, float r[3])
{
    float t = (im * bm + iu * bu + iv * bv) / (bm * bm + bu * bu + bv * bv);
    r[0] = (t - 1) * root;
    r[1] = (iu - t * bu) / root;
    r[2] = (iv - t * bv) / root;
}

/* n pixels of the plate's row y, from column x on, in linear light: channel c at lin + c * stride.  NaN is 0, and
 * nothing is above CK_KEY_MOST (three stops above white), so that sums stay finite. */
#define CK_KEY_MOST 8.0f
#define CK_KEY_DARK 0.012f /* a screen is lighter: below, grain decides the hue */
#define CK_KEY_LEAST 1e-3f /* of a screen's own channel, by which others are divided */
void ck_key_row(const ck_plane *rgb, int y, int x, size_t n, float *lin, size_t stride);

/* Room for the grid of a screen whose sides are set; ck_key_screen_free. */
ck_status ck_key_screen_room(ck_key_screen *s, ck_error *e);

/* The screen's fit and fill: f[0] log brightness, f[1], f[2] the other channels relative to it,
 * (gh,gw) each, w how much a cell knows.  Cells that no smoothly lit surface explains lose
 * their w; where w is 0 the rest is carried on. */
typedef struct ck_key_field {
    float *f[3], *w;
    int gw, gh;
} ck_key_field;
ck_status ck_key_field_settle(ck_key_field *g, ck_error *e);

/* f (gh,gw) where the weights w (0…1) are 0 becomes a smooth continuation, elsewhere nearly stays:
 * each level of a pyramid answers what the finer one does not know.  All 0 gives 0. */
ck_status ck_key_fill(float *f, const float *w, int gw, int gh, ck_error *e);

/* Index of pixel (x, y) where rows are w long. */
static inline size_t ck_key_pixel(int x, int y, int w)
{
    return (size_t)y * (size_t)w + (size_t)x;
}

/* A coarse map of a plate: about 540 pixels on its short side. */
typedef struct ck_key_grid {
    int h, w;   /* of the plate */
    int q;      /* a coarse pixel covers q x q of the plate's */
    int ch, cw; /* of the map */
    size_t n;   /* ch * cw */
    float unit; /* lengths in map pixels are meant for a short side of 540; times this */
} ck_key_grid;

static inline ck_key_grid ck_key_grid_of(int h, int w)
{
    int side = h < w ? h : w, q = (side + 270) / 540 > 1 ? (side + 270) / 540 : 1;
    int ch = (h + q - 1) / q, cw = (w + q - 1) / q;
    return (ck_key_grid){h, w, q, ch, cw, (size_t)ch * (size_t)cw, (float)(ch < cw ? ch : cw) / 540};
}

/* The plate's row that speaks for row `my` of the map, where one is enough. */
static inline int ck_key_grid_row(const ck_key_grid *g, int my)
{
    int y = my * g->q + g->q / 2;
    return y < g->h ? y : g->h - 1;
}

/* Planes are (ch,cw) unless noted.  Groups in the order of their lives: the later ones take the earlier ones'
 * places. */
typedef struct ck_key_map {
    const ck_key_screen *k;
    ck_key_axes ax;
    int h, w;       /* of the plate */
    int q;          /* a coarse pixel covers q x q of the plate's */
    int ch, cw;     /* of the map */
    size_t n;       /* ch * cw */
    float unit;     /* lengths in map pixels are meant for a short side of 540; times this */
    float sigma[3]; /* grain that is left in the colours that are asked about */
    float off;      /* grain that is not brightness, both channels together */
    /* From the scan to the matte: */
    float *col, *bg;          /* (3,ch,cw) linear: mean colour, local screen colour */
    float *thin;              /* coverage if it is something light and neutral */
    float *veil, *veil_scale; /* 1 = wide and translucent; factor for `thin` there */
    uint8_t *seen;            /* something is here */
    uint8_t *core, *sure;     /* belongs to a solid; solid with certainty, its colour is the subject's */
    uint8_t *mask;            /* scratch */
    float *box;               /* scratch of ck_key_box */
    /* Until the regions are known: */
    float *peak;  /* strongest evidence inside */
    float *least; /* least coverage any foreground colour allows */
    float *pure;  /* 1 = nothing of the screen's hue in it */
    float *hue;   /* 0 = the screen's hue, in whatever light; 1 = another */
    int *ints;    /* scratch */
    /* Until ck_key_surround has returned: */
    float *free;    /* how much is free of the screen's hue, 0…1: the colour difference key */
    float *rough;   /* 1 = screen and something alternate here: hair, lace */
    float *t0, *t1; /* scratch */
    /* Set by ck_key_surround, in the places of peak, least, pure and hue: */
    float *held;                  /* 1 = between solids on all sides, bare screen far away */
    float *deep;                  /* 1 = deep in a solid that is no mixture */
    float *edge_light, *edge_hue; /* variances that a codec's ringing adds beside edges, units of the screen's level */
    float *lends;                 /* how much of a sure pixel's colour is the subject's own; for the palette */
    /* Set after it, in the places of the others and of lends: */
    float *mean, *bare, *solid;  /* what the colour says, see mixture.h, where seen */
    float *open, *base, *around; /* what the surroundings say, see surround.h; open from ck_key_lenders on, in rough's
                                    place */
    ck_buffer *buf;
} ck_key_map;

static inline int ck_key_px(const ck_key_map *m, float length)
{
    int v = (int)(length * m->unit + 0.5f);
    return v < 1 ? 1 : v;
}

ck_status ck_key_map_new(ck_key_map *m, int h, int w, const ck_key_screen *k, ck_error *e);
/* Sets col, bg and peak: evidence is the mean over 3x3 of squared, normalised differences; 1 = grain. */
ck_status ck_key_map_scan(ck_key_map *m, const ck_plane *rgb, ck_error *e);
void ck_key_map_cues(ck_key_map *m);
void ck_key_map_free(ck_key_map *m);

ck_status ck_key_regions(ck_key_map *m, ck_error *e);
/* The parts of ck_key_regions: seen without markers; core; and, with veil, sure. */
ck_status ck_key_drop_markers(ck_key_map *m, ck_error *e);
ck_status ck_key_find_core(ck_key_map *m, ck_error *e);
void ck_key_find_sure(ck_key_map *m);

/* Sets lends, and open: how little a sure pixel is a mixture.  t0 and t1 are scratch.  lender.c */
void ck_key_lenders(ck_key_map *m);
/* Once held is known: soft edges are no longer sure, and open is how far solids are to be expected. */
void ck_key_soften_edges(ck_key_map *m);

/* Foreground colours from whole neighbourhoods, see near.c: near, solid (3,ch,cw) linear; the plate rgb and its
 * matte alpha (h,w); `solid` counts where the matte says nothing.  scratch: ck_key_near_scratch(g) floats. */
void ck_key_near(const ck_key_grid *g, const ck_key_screen *s, const ck_plane *rgb, const float *alpha,
                 const float *solid, float *near, float *scratch);
size_t ck_key_near_scratch(const ck_key_grid *g);

/* The middle one of n values, which are reordered; of none 0. */
float ck_key_median(float *v, size_t n);
/* Mean over (2r+1)^2 pixels, borders repeated; src may be dst; tmp (h,w), not dst. */
void ck_key_box(const float *src, float *dst, float *tmp, int h, int w, int r);
/* The mean over boxes of a radius in map pixels, run twice; dst (ch,cw), src may be dst. */
void ck_key_blur(ck_key_map *m, const float *src, float *dst, float radius);
/* 3 x the distance to the nearest pixel whose `in` is 0 (chamfer 3-4); large if no pixel is 0. */
void ck_key_distance(const uint8_t *in, int *d, int h, int w);

#endif
