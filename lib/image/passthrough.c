#include "image/passthrough.h"

#include <string.h>

#include "base/clones.h"
#include "image/convert.h"
#include "image/gaussian.h"
#include "image/morphology.h"
#include "image/plate.h"

#define BLOCK 4096
#define SOLID 0.99f
#define SPILL 0.04f /* of the code range: above the grain of a plate */
#define MARGIN 8    /* pixels: covers the corners of the blur */
#define BLUR 11     /* taps */

CK_CLONES
static void pure(const float *restrict matte, const float *restrict key, const float *restrict a,
                 const float *restrict b, uint8_t *restrict mask, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float most = a[i] > b[i] ? a[i] : b[i];
        mask[i] = (uint8_t) - (matte[i] >= SOLID && key[i] - most <= SPILL);
    }
}

/* 255 where the plate shows only the subject. */
static void find_pure(const ck_plane *rgb, const float *matte, bool blue, uint8_t *mask)
{
    float c[3][BLOCK];
    size_t plane = (size_t)rgb->h * (size_t)rgb->w;
    for (size_t i = 0; i < plane; i += BLOCK) {
        size_t n = plane - i < BLOCK ? plane - i : BLOCK;
        for (size_t k = 0; k < 3; k++)
            ck_plate_part(rgb, k * plane + i, c[k], n);
        pure(matte + i, c[blue ? 2 : 1], c[0], c[blue ? 1 : 2], mask + i, n);
    }
}

/* Exact at weight 0 and 1. */
CK_CLONES
static void mix(float *restrict fg, const float *restrict plate, const uint8_t *restrict weight, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float w = (float)weight[i] / 255.0f;
        fg[i] = fg[i] * (1.0f - w) + plate[i] * w;
    }
}

static void blend(const ck_plane *rgb, const uint8_t *weight, const ck_plane *fg)
{
    float plate[BLOCK], mixed[BLOCK];
    size_t plane = (size_t)rgb->h * (size_t)rgb->w;
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < plane; i += BLOCK) {
            size_t n = plane - i < BLOCK ? plane - i : BLOCK;
            unsigned char *at = (unsigned char *)ck_plane_data(fg) + (k * plane + i) * fg->elem;
            ck_plate_part(rgb, k * plane + i, plate, n);
            ck_to_f32(at, fg->type, mixed, n);
            mix(mixed, plate, weight + i, n);
            if (fg->type == CK_F16)
                ck_f32_to_f16(mixed, (uint16_t *)(void *)at, n);
            else
                memcpy(at, mixed, n * sizeof *mixed);
        }
}

ck_status ck_passthrough_weights(const ck_plane *rgb, const float *matte, bool blue, ck_buffer **out, ck_error *e)
{
    size_t n = (size_t)rgb->h * (size_t)rgb->w;
    ck_buffer *a = *out = ck_buffer_new(n), *b = ck_buffer_new(n);
    ck_status s =
        a && b ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for --passthrough of %d x %d", rgb->w, rgb->h);
    if (s == CK_OK) {
        find_pure(rgb, matte, blue, a->data);
        s = ck_erode(a->data, rgb->h, rgb->w, MARGIN, b->data, e);
    }
    if (s == CK_OK)
        s = ck_gaussian(b->data, rgb->h, rgb->w, BLUR, a->data, e);
    ck_buffer_unref(b);
    return s;
}

void ck_passthrough_row(const ck_plane *rgb, const ck_buffer *weights, int y, float *row)
{
    float plate[BLOCK];
    int w = rgb->w;
    const uint8_t *weight = (const uint8_t *)weights->data + (size_t)y * (size_t)w;
    for (size_t k = 0; k < 3; k++)
        for (int x = 0; x < w; x += BLOCK) {
            size_t n = (size_t)(w - x < BLOCK ? w - x : BLOCK);
            ck_plate_row(rgb, k, y, x, n, plate);
            mix(row + k * (size_t)w + x, plate, weight + x, n);
        }
}

ck_status ck_passthrough(const ck_plane *rgb, const float *matte, bool blue, const ck_plane *fg, ck_error *e)
{
    ck_buffer *weights;
    ck_status s = ck_passthrough_weights(rgb, matte, blue, &weights, e);
    if (s == CK_OK)
        blend(rgb, weights->data, fg);
    ck_buffer_unref(weights);
    return s;
}
