/* YUV to RGB in float according to ITU-T H.273.  Nothing is rounded or clamped: codes below black and above white give
 * values below 0 and above 1.
 *
 * Codes become Y, U = Cb and V = Cr by the ranges of yuv_matrix.h; then
 *
 *     R = Y + 2(1-Kr) V      G = Y - 2 Kb(1-Kb)/Kg U - 2 Kr(1-Kr)/Kg V      B = Y + 2(1-Kb) U
 *     YCgCo (U = Cg, V = Co): R = Y - U + V    G = Y + U    B = Y - U - V
 *
 * Subsampled chroma is interpolated linearly to the luma samples, vertically first; beyond the outermost chroma samples
 * their values continue.  With f = 2^log2, chroma sample i of an axis lies at luma coordinate
 *
 *     f i (left, top)      f i + (f-1)/2 (center)      f i + f-1 (bottom)
 *
 * In an interlaced 4:2:0 frame chroma lines lie at the same places, but odd ones belong to odd luma lines and even ones
 * to even: each field is interpolated separately.
 *
 * The error is below 1e-6.  White is exactly 1, black exactly 0, and neutral chroma gives R = G = B. */
#ifndef CK_IO_YUV_H
#define CK_IO_YUV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "io/yuv_matrix.h"

typedef enum ck_yuv_kind {
    CK_YUV_LUMA, /* Kr and Kb of `matrix` */
    CK_YUV_YCGCO,
    CK_YUV_GBR /* y is green, u blue, v red, all with luma's range; not subsampled */
} ck_yuv_kind;

typedef enum ck_yuv_site {
    CK_YUV_LEFT, /* horizontal: left; vertical: center */
    CK_YUV_CENTER,
    CK_YUV_TOPLEFT,
    CK_YUV_TOP, /* horizontal: center; vertical: top */
    CK_YUV_BOTTOMLEFT,
    CK_YUV_BOTTOM
} ck_yuv_site;

/* View of one component.  Sample x of row y is the little-endian word of `elem` bytes at data + y*stride + x*step,
 * shifted right by `shift`, lowest `depth` bits. */
typedef struct ck_samples_view {
    const void *data;
    ptrdiff_t stride; /* bytes; may be negative */
    int step;         /* bytes, at least elem */
    int elem;         /* 1 or 2 */
    int shift, depth; /* depth 1 to 16, shift + depth at most 8*elem */
} ck_samples_view;

typedef struct ck_yuv {
    int w, h;             /* luma samples; chroma has ceil(w / 2^log2_w) x ceil(h / 2^log2_h) */
    int log2_w, log2_h;   /* 0, 1 or 2 */
    ck_samples_view c[3]; /* y u v of equal depth, 8 to 16 */
    ck_yuv_kind kind;
    const ck_yuv_matrix *matrix; /* for CK_YUV_LUMA, else NULL */
    bool full;
    ck_yuv_site site;
    bool interlaced; /* used if log2_h is 1 */
} ck_yuv;

/* rgb: planar [3, h, w] f32.  Fails when out of memory, or if `yuv` violates the rules above. */
ck_status ck_yuv_to_rgb(const ck_yuv *yuv, float *rgb, ck_error *e);

/* The same, rounded to halves. */
ck_status ck_yuv_to_rgb_f16(const ck_yuv *yuv, uint16_t *rgb, ck_error *e);

/* n samples of row y as codes, 0 ... 2^depth - 1. */
void ck_samples_row(const ck_samples_view *v, int y, int n, float *dst);

#endif
