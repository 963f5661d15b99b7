#include "ck-decode/form.h"

#include <string.h>

#include "base/option.h"
#include "image/colour.h"
#include "image/convert.h"
#include "image/plate.h"
#include "image/resample.h"
#include "key/key.h"

struct ck_form {
    const char *name;
    ck_want want;
    enum { AS_READ, MASK, FLOATS, SRGB, LINEAR } samples; /* MASK: as read, but within 0…1 */
    enum { OWN, PLATE, TO_EIGHTH } size;
};

static const ck_form rows[] = {
    {"hint", CK_WANT_HINT, MASK, OWN},         {"garbage", CK_WANT_HINT, MASK, OWN},
    {"holdout", CK_WANT_HINT, MASK, OWN},      {"refine_map", CK_WANT_HINT, MASK, OWN},
    {"alpha", CK_WANT_HINT, FLOATS, PLATE},    {"coverage", CK_WANT_HINT, FLOATS, PLATE},
    {"key", CK_WANT_HINT, FLOATS, PLATE},      {"true_alpha", CK_WANT_HINT, FLOATS, PLATE},
    {"fg", CK_WANT_RGB, SRGB, PLATE},          {"true_fg", CK_WANT_RGB, SRGB, PLATE},
    {"clean", CK_WANT_RGB, LINEAR, TO_EIGHTH}, {"background", CK_WANT_RGB, AS_READ, PLATE},
};
static const ck_form other = {"", CK_WANT_ALL, AS_READ, OWN};

const ck_form *ck_form_of(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i].name, name))
            return &rows[i];
    return &other;
}

ck_want ck_form_want(const ck_form *k)
{
    return k->want;
}

/* Clamp a side of a clean plate to 1/8 to 1 times the plate's. */
static int clean_side(int side, int plate)
{
    int least = ck_key_clean_side(plate);
    return side > plate ? plate : side < least ? least : side;
}

static ck_size size_of(const ck_form *k, const ck_plane *from, const ck_plane *plate)
{
    if (k->size == PLATE)
        return (ck_size){plate->w, plate->h};
    if (k->size == TO_EIGHTH)
        return (ck_size){clean_side(from->w, plate->w), clean_side(from->h, plate->h)};
    return (ck_size){from->w, from->h};
}

static bool is_linear(const ck_plane *p)
{
    return !strcmp(p->encoding, "linear");
}

/* True if neither type nor encoding of the samples must be converted. */
static bool as_they_are(const ck_form *k, const ck_plane *p)
{
    switch (k->samples) {
    case AS_READ:
    case MASK:
        return true;
    case FLOATS:
        return p->type == CK_F32;
    case SRGB:
        return p->type == CK_F32 && !is_linear(p);
    case LINEAR:
        return (p->type == CK_F16 || p->type == CK_F32) && is_linear(p);
    }
    return false;
}

static const char *encoding_of(const ck_form *k, const ck_plane *p)
{
    return k->samples == LINEAR ? "linear" : k->samples == SRGB ? ck_plate_codes(p) : p->encoding;
}

/* Convert all samples to floats in the encoding that k asks for. */
static void to_floats(const ck_form *k, const ck_plane *p, float *out)
{
    size_t n = p->bytes / p->elem;
    if (k->samples == SRGB) {
        ck_plate_to_f32(p, out);
        return;
    }
    ck_to_f32(p->data, p->type, out, n);
    if (k->samples == LINEAR && !is_linear(p))
        ck_srgb_to_linear(out, out, n);
}

static ck_status resize(const ck_form *k, const ck_plane *from, const ck_plane *to, ck_error *e)
{
    ck_buffer *floats = ck_buffer_new(from->bytes / from->elem * sizeof(float));
    if (!floats)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for resizing %d x %d", from->w, from->h);
    to_floats(k, from, floats->data);
    ck_status s =
        ck_resample(floats->data, from->c, from->h, from->w, ck_plane_data(to), to->h, to->w, CK_BILINEAR_AA, e);
    ck_buffer_unref(floats);
    return s;
}

ck_status ck_form_plane(const ck_form *k, const ck_plane *from, const ck_plane *plate, ck_frame *f, ck_error *e)
{
    ck_plane *to;
    ck_size size = size_of(k, from, plate);
    bool same_size = size.w == from->w && size.h == from->h, copy = same_size && as_they_are(k, from);
    ck_status s =
        ck_frame_add(f, from->name, copy ? from->type : CK_F32, from->c, size.h, size.w, encoding_of(k, from), &to, e);
    if (s != CK_OK)
        return s;
    if (copy)
        memcpy(ck_plane_data(to), from->data, from->bytes);
    else if (same_size)
        to_floats(k, from, ck_plane_data(to));
    else
        s = resize(k, from, to, e);
    /* YCbCr and EXR have values below 0 and above 1. */
    if (k->samples == MASK && to->type == CK_F32)
        ck_clamp01_all(ck_plane_data(to), to->bytes / sizeof(float));
    return s;
}
