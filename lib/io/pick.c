#include "io/pick.h"

#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "image/convert.h"
#include "image/finite.h"

/* Pixels converted at a time; the scratch fits the stack and the L1 cache. */
#define PIECE 512

ck_status ck_pick_open(ck_pick *k, ck_frame *f, const char *name, ck_want want, ck_type type, int channels, int w,
                       int h, const char *encoding, ck_error *e)
{
    ck_plane *p;
    bool mask = ck_want_is_mask(want), alpha = channels % 2 == 0;
    ck_type out = mask && type != CK_U8 ? CK_F32 : type;
    int c = mask ? 1 : want == CK_WANT_RGB ? 3 : channels;
    if (want == CK_WANT_ALPHA && !alpha)
        return ck_fail(e, CK_ERR_FORMAT, "no alpha channel to make plane '%s' from", name);
    ck_status s = ck_frame_add(f, name, out, c, h, w, mask ? "" : encoding, &p, e);
    if (s != CK_OK)
        return s;
    *k = (ck_pick){.want = want,
                   .type = type,
                   .w = w,
                   .h = h,
                   .colours = c < 3 ? 1 : 3,
                   .alpha_last = c % 2 == 0,
                   .data_view = ck_plane_data(p)};
    if (want != CK_WANT_HINT || !alpha || (k->alpha = ck_buffer_new(p->bytes)))
        return CK_OK;
    ck_frame_remove(f, name);
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for an alpha channel of %d x %d", w, h);
}

/* True if the samples vary.  Both are u8, or both f32. */
static bool varies(const void *data, const ck_plane *p)
{
    size_t n = p->bytes / p->elem;
    for (size_t i = 1; i < n; i++)
        if (memcmp((const char *)data + i * p->elem, data, p->elem))
            return true;
    return false;
}

static bool opaque(const void *data, ck_type t)
{
    float f;
    if (t == CK_U8)
        return *(const uint8_t *)data == 255;
    memcpy(&f, data, sizeof f);
    return f >= 1.0f;
}

static const char *settle(const ck_pick *k, const ck_plane *p)
{
    static const char *const names[] = {[CK_WANT_LUMA] = "luma",
                                        [CK_WANT_RED] = "red",
                                        [CK_WANT_GREEN] = "green",
                                        [CK_WANT_BLUE] = "blue",
                                        [CK_WANT_ALPHA] = "alpha"};
    if (k->want != CK_WANT_HINT)
        return names[k->want];
    if (!k->alpha || (!varies(k->alpha->data, p) && (opaque(k->alpha->data, p->type) || varies(k->data_view, p))))
        return "luma";
    memcpy(k->data_view, k->alpha->data, p->bytes);
    return "alpha";
}

ck_status ck_pick_end(ck_pick *k, ck_frame *f, const char *name, ck_status s, ck_error *e)
{
    if (s == CK_OK && ck_want_is_mask(k->want))
        s = ck_meta_set(&f->meta, "hint-channel", settle(k, ck_frame_plane(f, name)), e);
    else if (s == CK_OK)
        ck_frame_plane(f, name)->finite = atomic_load(&k->finite) == (size_t)k->w * (size_t)k->h;
    if (s != CK_OK)
        ck_frame_remove(f, name);
    ck_buffer_unref(k->alpha);
    k->alpha = NULL;
    return s;
}

/* Copy one channel of interleaved pixels.  Constant steps let the compiler use shuffles. */
#define GATHER(NAME, T)                                                                                                \
    CK_CLONES_SHORT                                                                                                    \
    static void NAME(const T *restrict src, int step, T *restrict dst, size_t n)                                       \
    {                                                                                                                  \
        if (step == 2)                                                                                                 \
            for (size_t i = 0; i < n; i++)                                                                             \
                dst[i] = src[2 * i];                                                                                   \
        else if (step == 3)                                                                                            \
            for (size_t i = 0; i < n; i++)                                                                             \
                dst[i] = src[3 * i];                                                                                   \
        else if (step == 4)                                                                                            \
            for (size_t i = 0; i < n; i++)                                                                             \
                dst[i] = src[4 * i];                                                                                   \
        else                                                                                                           \
            for (size_t i = 0; i < n; i++)                                                                             \
                dst[i] = src[(size_t)step * i];                                                                        \
    }

GATHER(gather8, uint8_t)
GATHER(gather16, uint16_t)
GATHER(gather32, uint32_t)

static void gather(const void *src, ck_type t, int step, void *dst, size_t n)
{
    size_t size = ck_type_size(t);
    if (step == 1)
        memcpy(dst, src, n * size);
    else if (size == 1)
        gather8(src, step, dst, n);
    else if (size == 2)
        gather16(src, step, dst, n);
    else
        gather32(src, step, dst, n);
}

/* Copy all three channels in one pass: a third of the loads. */
#define SPLIT(NAME, T)                                                                                                 \
    CK_CLONES_SHORT                                                                                                    \
    static void NAME(const T *restrict src, int step, T *restrict r, T *restrict g, T *restrict b, size_t n)           \
    {                                                                                                                  \
        if (step == 3)                                                                                                 \
            for (size_t i = 0; i < n; i++) {                                                                           \
                r[i] = src[3 * i];                                                                                     \
                g[i] = src[3 * i + 1];                                                                                 \
                b[i] = src[3 * i + 2];                                                                                 \
            }                                                                                                          \
        else                                                                                                           \
            for (size_t i = 0; i < n; i++) {                                                                           \
                r[i] = src[4 * i];                                                                                     \
                g[i] = src[4 * i + 1];                                                                                 \
                b[i] = src[4 * i + 2];                                                                                 \
            }                                                                                                          \
    }

SPLIT(split8, uint8_t)
SPLIT(split16, uint16_t)

/* Load up to PIECE samples as floats; integers keep their code value. */
static void load(const ck_row *row, const void *src, ck_type t, int at, float *dst, size_t n)
{
    union {
        uint8_t u8[PIECE];
        uint16_t u16[PIECE];
        float f32[PIECE];
    } raw;
    gather((const char *)src + (size_t)at * (size_t)row->step * ck_type_size(t), t, row->step, &raw, n);
    if (t == CK_U8)
        for (size_t i = 0; i < n; i++)
            dst[i] = raw.u8[i];
    else if (t == CK_U16)
        for (size_t i = 0; i < n; i++)
            dst[i] = raw.u16[i];
    else
        ck_to_f32(&raw, t, dst, n);
}

/* Equal channels give exactly that value; the rounded weights would miss it by a bit. */
CK_CLONES_SHORT
static void luminance(const float *restrict r, const float *restrict g, const float *restrict b, float *restrict y,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float mixed = 0.2126f * r[i] + 0.7152f * g[i] + 0.0722f * b[i];
        y[i] = r[i] == g[i] && g[i] == b[i] ? r[i] : mixed;
    }
}

CK_CLONES_SHORT
static void store_u8(const float *restrict y, uint8_t *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (uint8_t)rintf(y[i]);
}

CK_CLONES_SHORT
static void store_u16(const float *restrict y, float *restrict dst, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = rintf(y[i]) / 65535.0f;
}

static void store(const ck_pick *k, const float *y, void *plane, size_t out, size_t n)
{
    if (k->type == CK_U8)
        store_u8(y, (uint8_t *)plane + out, n);
    else if (k->type == CK_U16)
        store_u16(y, (float *)plane + out, n);
    else
        memcpy((float *)plane + out, y, n * sizeof *y);
}

/* The channel that the want names, or NULL for luminance. */
static const void *channel(const ck_pick *k, const ck_row *row)
{
    if (k->want == CK_WANT_ALPHA)
        return row->a;
    if (!row->g || k->want == CK_WANT_RED)
        return row->r;
    return k->want == CK_WANT_GREEN ? row->g : k->want == CK_WANT_BLUE ? row->b : NULL;
}

static void mask_piece(const ck_pick *k, const ck_row *row, int at, size_t out, size_t n)
{
    float y[PIECE];
    const void *one = channel(k, row);
    load(row, one ? one : row->r, k->type, at, y, n);
    if (!one) {
        float g[PIECE], b[PIECE], mixed[PIECE];
        load(row, row->g, k->type, at, g, n);
        load(row, row->b, k->type, at, b, n);
        luminance(y, g, b, mixed, n);
        memcpy(y, mixed, n * sizeof *y);
    }
    store(k, y, k->data_view, out, n);
    if (k->alpha) {
        load(row, row->a, k->type, at, y, n);
        store(k, y, k->alpha->data, out, n);
    }
}

static void rgb_row(const ck_pick *k, const ck_row *row, char *r, size_t plane, size_t n)
{
    size_t size = ck_type_size(k->type);
    char *g = r + plane, *b = g + plane;
    bool in_turn = row->g && (row->step == 3 || row->step == 4) &&
                   (const char *)row->g == (const char *)row->r + size &&
                   (const char *)row->b == (const char *)row->g + size;
    if (in_turn && size == 1) {
        split8(row->r, row->step, (uint8_t *)r, (uint8_t *)g, (uint8_t *)b, n);
    } else if (in_turn && size == 2) {
        split16(row->r, row->step, (uint16_t *)r, (uint16_t *)g, (uint16_t *)b, n);
    } else {
        gather(row->r, k->type, row->step, r, n);
        gather(row->g ? row->g : row->r, k->type, row->step, g, n);
        gather(row->g ? row->b : row->r, k->type, row->step, b, n);
    }
}

/* While the samples are in the cache: a search of whole planes takes 3 % of the time of reading an EXR. */
static void look_for_nan(const ck_pick *k, size_t at, size_t n)
{
    size_t size = ck_type_size(k->type), plane = (size_t)k->w * (size_t)k->h * size;
    bool good = true;
    for (int c = 0; c < k->colours + k->alpha_last; c++)
        good &= ck_finite((const char *)k->data_view + (size_t)c * plane + at * size, k->type, n);
    if (good)
        atomic_fetch_add(&((ck_pick *)ck_drop_const(k))->finite, n);
}

static void colour_row(const ck_pick *k, const ck_row *row, size_t out, size_t n)
{
    size_t size = ck_type_size(k->type), plane = (size_t)k->w * (size_t)k->h * size;
    char *to = (char *)k->data_view + out * size;
    if (k->colours == 3)
        rgb_row(k, row, to, plane, n);
    else
        gather(row->r, k->type, row->step, to, n);
    if (k->alpha_last)
        gather(row->a, k->type, row->step, to + (size_t)k->colours * plane, n);
    look_for_nan(k, out, n);
}

static size_t index_of(const ck_pick *k, int y, int x)
{
    return (size_t)y * (size_t)k->w + (size_t)x;
}

void *ck_pick_place(const ck_pick *k, int c, int y, int x)
{
    if (ck_want_is_mask(k->want) || k->colours != 3 || k->alpha_last)
        return NULL;
    size_t plane = (size_t)k->w * (size_t)k->h;
    return (char *)k->data_view + ((size_t)c * plane + index_of(k, y, x)) * ck_type_size(k->type);
}

void ck_pick_stored(const ck_pick *k, int y, int x, int n)
{
    look_for_nan(k, index_of(k, y, x), (size_t)n);
}

void ck_pick_row(const ck_pick *k, int y, int x, int n, const ck_row *row)
{
    size_t out = index_of(k, y, x);
    if (!ck_want_is_mask(k->want)) {
        colour_row(k, row, out, (size_t)n);
        return;
    }
    for (int at = 0; at < n; at += PIECE)
        mask_piece(k, row, at, out + (size_t)at, (size_t)(n - at < PIECE ? n - at : PIECE));
}
