#include "io/tiff_samples.h"

#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

static bool eight_bits(const uint16_t *const map[3], size_t n, int *shift)
{
    bool low = true, repeated = true;
    for (int c = 0; c < 3; c++)
        for (size_t i = 0; i < n; i++) {
            low &= map[c][i] < 256;
            repeated &= map[c][i] % 257 == 0 || map[c][i] % 256 == 0;
        }
    *shift = low ? 0 : 8; /* old writers store 8-bit values in the low byte */
    return low || repeated;
}

void ck_tiff_palette(ck_tiff_layout *l, const uint16_t *const map[3])
{
    size_t n = (size_t)1 << l->bits;
    int shift;
    bool bytes = eight_bits(map, n, &shift);
    l->palette = malloc(3 * n * (bytes ? 1 : 2));
    l->type = bytes ? CK_U8 : CK_U16;
    for (size_t c = 0; c < 3 && l->palette; c++)
        for (size_t i = 0; i < n; i++)
            if (bytes)
                ((uint8_t *)l->palette)[c * n + i] = (uint8_t)(map[c][i] >> shift);
            else
                ((uint16_t *)l->palette)[c * n + i] = map[c][i];
}

ck_status ck_tiff_layout_check(ck_tiff_layout *l, ck_error *e)
{
    int b = l->bits;
    bool good = l->format == SAMPLEFORMAT_UINT     ? (b >= 1 && b <= 16) || b == 24 || b == 32
                : l->format == SAMPLEFORMAT_INT    ? b == 8 || b == 16 || b == 32
                : l->format == SAMPLEFORMAT_IEEEFP ? b == 16 || b == 32 || b == 64
                                                   : false;
    if (!good)
        return ck_fail(e, CK_ERR_UNSUPPORTED,
                       "TIFF samples of %d bits, format %d, are not read: write 16 bits or float", b, l->format);
    if (!l->palette)
        l->type = l->format == SAMPLEFORMAT_UINT && b == 8      ? CK_U8
                  : l->format == SAMPLEFORMAT_UINT && b == 16   ? CK_U16
                  : l->format == SAMPLEFORMAT_IEEEFP && b == 16 ? CK_F16
                                                                : CK_F32;
    return CK_OK;
}

/* Sample i of a row as an unsigned number: native byte order if whole bytes, else packed from the highest bit. */
static uint32_t whole(const uint8_t *row, size_t i, int bits)
{
    uint32_t v = 0;
    if (bits % 8 == 0) {
        memcpy(&v, row + i * (size_t)bits / 8, (size_t)bits / 8);
        return v;
    }
    for (size_t at = i * (size_t)bits; at < (i + 1) * (size_t)bits; at++)
        v = v << 1 | (row[at / 8] >> (7 - at % 8) & 1);
    return v;
}

static float as_float(const ck_tiff_layout *l, const uint8_t *row, size_t i)
{
    if (l->format == SAMPLEFORMAT_IEEEFP) {
        double d;
        float f;
        if (l->bits == 32) {
            memcpy(&f, row + 4 * i, sizeof f);
            return f;
        }
        memcpy(&d, row + 8 * i, sizeof d);
        return (float)d;
    }
    uint32_t v = whole(row, i, l->bits);
    double most = (double)(UINT32_MAX >> (32 - l->bits));
    if (l->format == SAMPLEFORMAT_UINT)
        return (float)(v / most);
    int32_t s = l->bits == 8 ? (int8_t)v : l->bits == 16 ? (int16_t)v : (int32_t)v;
    return (float)(s / ((most - 1) / 2));
}

/* Invert codes whose 0 is white, in the plane's type. */
static const void *invert(const ck_tiff_layout *l, const uint8_t *row, int sample, int n, void *out)
{
    size_t step = (size_t)l->stored;
    for (size_t i = 0, at = (size_t)sample; i < (size_t)n; i++, at += step) {
        if (l->type == CK_U8)
            ((uint8_t *)out)[i] = (uint8_t)~row[at];
        else if (l->type == CK_U16)
            ((uint16_t *)out)[i] = (uint16_t)~whole(row, at, 16);
        else
            ((float *)out)[i] = 1 - as_float(l, row, at);
    }
    return out;
}

const void *ck_tiff_samples(const ck_tiff_layout *l, const uint8_t *row, int sample, bool alpha, int n, float *floats,
                            int *step)
{
    size_t width = (size_t)l->bits / 8;
    if (l->palette) {
        uint16_t *to = (uint16_t *)(void *)floats;
        for (size_t i = 0; i < (size_t)n; i++)
            to[i] = (uint16_t)whole(row, i * (size_t)l->stored + (size_t)sample, l->bits);
        return to;
    }
    if (l->type != CK_F32 && !l->inverted) {
        *step = l->stored;
        return row + (size_t)sample * width;
    }
    if (l->inverted && !alpha && l->type != CK_F16)
        return invert(l, row, sample, n, floats);
    size_t at = (size_t)sample;
    for (size_t i = 0; i < (size_t)n; i++, at += (size_t)l->stored) {
        if (l->type == CK_F32)
            floats[i] = as_float(l, row, at);
        else
            memcpy((uint8_t *)floats + i * width, row + at * width, width);
    }
    return floats;
}

void ck_tiff_look_up(const ck_tiff_layout *l, float *floats, size_t stride, int n, ck_row *row)
{
    const uint16_t *index = row->r;
    size_t all = (size_t)1 << l->bits;
    void *out[3] = {floats + stride, floats + 2 * stride, floats + 3 * stride};
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < (size_t)n; i++)
            if (l->type == CK_U8)
                ((uint8_t *)out[c])[i] = ((const uint8_t *)l->palette)[c * all + index[i]];
            else
                ((uint16_t *)out[c])[i] = ((const uint16_t *)l->palette)[c * all + index[i]];
    *row = (ck_row){.r = out[0], .g = out[1], .b = out[2], .step = 1};
}

void ck_tiff_layout_free(ck_tiff_layout *l)
{
    free(l->palette);
    l->palette = NULL;
}
