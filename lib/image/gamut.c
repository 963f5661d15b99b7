#include "image/gamut.h"

#include <stdio.h>
#include <string.h>

#include "colour/space.h"
#include "image/colour.h"
#include "image/convert.h"
#include "image/plate.h"

#define BLOCK 1024

static const char inside_primaries[] = "bt709";

void ck_gamut_of(const char *primaries, ck_gamut *g)
{
    static const char *const near[] = {"smpte170m", "bt470bg"};
    ck_primaries p;
    char name[CK_PRIMARIES_TEXT];
    *g = (ck_gamut){0};
    if (!primaries || !ck_primaries_parse(primaries, &p))
        return;
    ck_primaries_format(&p, name);
    for (size_t i = 0; i < sizeof near / sizeof *near; i++)
        if (!strcmp(name, near[i]))
            return;
    g->wide = ck_primaries_matrix(name, inside_primaries, &g->in);
    if (g->wide)
        g->out = ck_matrix_inverse(&g->in);
}

bool ck_gamut_wide(const char *primaries)
{
    ck_gamut g;
    ck_gamut_of(primaries, &g);
    return g.wide;
}

static bool linear(const ck_plane *p)
{
    return !strcmp(p->encoding, "linear");
}

static void store(const ck_plane *p, size_t at, const float *from, size_t n)
{
    if (p->type == CK_F16)
        ck_f32_to_f16(from, (uint16_t *)ck_plane_data(p) + at, n);
    else
        memcpy((float *)ck_plane_data(p) + at, from, n * sizeof *from);
}

/* The first three channels of `from`, linear or sRGB-encoded, into `to`, f16 or f32; the same plane is allowed. */
static void convert(const ck_plane *from, const ck_matrix3 *m, const ck_plane *to, bool linear_to)
{
    float block[3][BLOCK];
    size_t plane = (size_t)from->h * (size_t)from->w;
    for (size_t at = 0; at < plane; at += BLOCK) {
        size_t n = plane - at < BLOCK ? plane - at : BLOCK;
        for (size_t c = 0; c < 3; c++) {
            ck_to_f32((const uint8_t *)from->data + (c * plane + at) * from->elem, from->type, block[c], n);
            if (!linear(from))
                ck_srgb_to_linear_mirrored(block[c], block[c], n);
        }
        ck_matrix_apply(m, block[0], block[1], block[2], n);
        for (size_t c = 0; c < 3; c++) {
            if (!linear_to)
                ck_linear_to_srgb_mirrored(block[c], block[c], n);
            store(to, c * plane + at, block[c], n);
        }
    }
}

/* Put an inside plane in the place of a plane of the stream. */
static ck_status enter_plane(ck_gamut_visit *v, ck_frame *f, const char *name, const char *encoding, ck_error *e)
{
    ck_plane *p = ck_frame_plane(f, name);
    if (!p || p->c != 3 || p->type == CK_OTHER || !ck_plate_known(p))
        return CK_OK;
    ck_plane made = *p;
    made.type = CK_F32;
    made.elem = sizeof(float);
    made.bytes = 3 * (size_t)p->h * (size_t)p->w * sizeof(float);
    made.buf = ck_buffer_new(made.bytes);
    if (!made.buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for plane '%s' of %zu bytes", name, made.bytes);
    made.data = made.buf->data;
    snprintf(made.type_name, sizeof made.type_name, "%s", ck_type_name(CK_F32));
    snprintf(made.encoding, sizeof made.encoding, "%s", encoding);
    convert(p, &v->gamut->in, &made, strcmp(encoding, "srgb") != 0);
    v->outside[v->n] = *p; /* the frame's reference */
    v->inside[v->n++] = made;
    *p = made;
    ck_buffer_ref(made.buf); /* the visit's, beside the frame's: what changes the plane makes a copy */
    return CK_OK;
}

ck_status ck_gamut_enter(const ck_gamut *g, ck_frame *f, ck_gamut_visit *v, ck_error *e)
{
    static const struct {
        const char *name, *encoding;
    } planes[CK_GAMUT_PLANES] = {
        {"rgb", CK_LINEAR_WIDE}, {"background", "linear"}, {"clean", "linear"}, {"fg", "srgb"}};
    ck_status s = CK_OK;
    *v = (ck_gamut_visit){.gamut = g};
    for (int i = 0; i < CK_GAMUT_PLANES && s == CK_OK && g->wide; i++)
        s = enter_plane(v, f, planes[i].name, planes[i].encoding, e);
    return s;
}

/* The visit's plane of that name; NULL if there was none. */
static const ck_plane *entered(const ck_gamut_visit *v, const char *name)
{
    for (int i = 0; i < v->n; i++)
        if (!strcmp(v->inside[i].name, name))
            return &v->inside[i];
    return NULL;
}

/* Convert a plane that was made or changed. */
static ck_status leave_plane(const ck_gamut_visit *v, ck_frame *f, const char *name, ck_error *e)
{
    ck_plane *p = ck_frame_plane(f, name);
    const ck_plane *was = entered(v, name);
    if (!p || p->c < 3 || (p->type != CK_F16 && p->type != CK_F32) || (was && was->buf == p->buf))
        return CK_OK;
    ck_status s = ck_frame_edit(f, name, &p, e);
    if (s == CK_OK)
        convert(p, &v->gamut->out, p, linear(p));
    return s;
}

/* Give the frame the stream's plane back, unless another took the inside one's place. */
static void restore(ck_gamut_visit *v, int i, ck_frame *f)
{
    ck_plane *p = ck_frame_plane(f, v->inside[i].name);
    if (p && p->buf == v->inside[i].buf) {
        ck_buffer_unref(p->buf);
        *p = v->outside[i];
    } else {
        ck_buffer_unref(v->outside[i].buf);
    }
    ck_buffer_unref(v->inside[i].buf);
}

ck_status ck_gamut_leave(ck_gamut_visit *v, ck_frame *f, ck_status status, ck_error *e)
{
    static const char *const made[] = {"fg", "clean", "processed"};
    for (size_t i = 0; i < sizeof made / sizeof *made && status == CK_OK && v->gamut->wide; i++)
        status = leave_plane(v, f, made[i], e);
    for (int i = 0; i < v->n; i++)
        restore(v, i, f);
    v->n = 0;
    return status;
}
