#include "image/plate.h"

#include <string.h>

#include "base/clones.h"
#include "image/colour.h"
#include "image/convert.h"

#define BLOCK 4096

bool ck_plate_linear(const ck_plane *p)
{
    return !strcmp(p->encoding, "linear") || !strcmp(p->encoding, CK_LINEAR_WIDE);
}

bool ck_plate_known(const ck_plane *rgb)
{
    static const char *const known[] = {"", "srgb", "linear", CK_LINEAR_WIDE, "bt709", "bt601"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(known[i], rgb->encoding))
            return true;
    return false;
}

const char *ck_plate_codes(const ck_plane *rgb)
{
    return ck_plate_known(rgb) ? "srgb" : rgb->encoding;
}

void ck_plate_part(const ck_plane *p, size_t at, float *out, size_t n)
{
    ck_to_f32((const uint8_t *)p->data + at * p->elem, p->type, out, n);
    if (ck_plate_linear(p))
        ck_linear_to_srgb_mirrored(out, out, n);
}

static size_t samples(const ck_plane *p)
{
    return p->bytes / p->elem;
}

void ck_plate_to_f32(const ck_plane *p, float *out)
{
    size_t all = samples(p);
    for (size_t i = 0; i < all; i += BLOCK)
        ck_plate_part(p, i, out + i, all - i < BLOCK ? all - i : BLOCK);
}

/* Index of the sample at column x, row y, channel c. */
static size_t sample(const ck_plane *p, size_t c, int y, int x)
{
    return (c * (size_t)p->h + (size_t)y) * (size_t)p->w + (size_t)x;
}

void ck_plate_row(const ck_plane *p, size_t c, int y, int x, size_t n, float *out)
{
    ck_plate_part(p, sample(p, c, y, x), out, n);
}

CK_CLONES
static void at_least_0(float *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = v[i] < 0 ? 0 : v[i];
}

void ck_plate_row_linear(const ck_plane *p, size_t c, int y, int x, size_t n, float *out)
{
    const uint8_t *from = (const uint8_t *)p->data + sample(p, c, y, x) * p->elem;
    if (ck_plate_linear(p)) {
        ck_to_f32(from, p->type, out, n);
        at_least_0(out, n);
    } else if (p->type == CK_U8) {
        ck_srgb8_to_linear(from, out, n);
    } else if (p->type == CK_F16) {
        ck_srgb_half_to_linear((const uint16_t *)(const void *)from, out, n);
    } else if (p->type == CK_F32) {
        ck_srgb_to_linear((const float *)(const void *)from, out, n);
    } else {
        ck_to_f32(from, p->type, out, n);
        ck_srgb_to_linear(out, out, n);
    }
}

ck_status ck_plate_u8(const ck_plane *p, const uint8_t **view, ck_buffer **hold, ck_error *e)
{
    float block[BLOCK];
    size_t all = samples(p);
    *hold = NULL;
    *view = p->data;
    if (p->type == CK_U8 && !ck_plate_linear(p))
        return CK_OK;
    *hold = ck_buffer_new(all);
    if (!*hold)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for an 8-bit copy of plane '%s'", p->name);
    uint8_t *out = (*hold)->data;
    *view = out;
    for (size_t i = 0; i < all; i += BLOCK) {
        size_t n = all - i < BLOCK ? all - i : BLOCK;
        ck_plate_part(p, i, block, n);
        ck_f32_to_u8(block, out + i, n);
    }
    return CK_OK;
}
