#include "ck-encode/still.h"

#include "image/convert.h"
#include "io/display.h"
#include "io/png.h"

static ck_status write_exr(const char *path, const ck_plane *p, const ck_delivery *to, ck_type file_type,
                           ck_exr_compression compression, const ck_meta *about, ck_error *e)
{
    static const char *const names[] = {"R", "G", "B", "A"};
    size_t plane = (size_t)p->w * (size_t)p->h;
    const void *data = p->data;
    ck_type type = p->type;
    ck_buffer *floats = NULL;
    if (to && !to->codes && p->c > 1) {
        ck_display d;
        ck_status s = ck_display_init(&d, p, to, e);
        if (s == CK_OK)
            s = ck_display_floats(&d, &floats, e);
        if (s != CK_OK)
            return s;
        data = floats->data;
        type = CK_F32;
    } else if (type == CK_U8 || type == CK_U16) {
        floats = ck_buffer_new((size_t)p->c * plane * sizeof(float));
        if (!floats)
            return ck_fail(e, CK_ERR_MEMORY, "out of memory for an EXR of %d x %d", p->w, p->h);
        ck_to_f32(data, type, floats->data, (size_t)p->c * plane);
        data = floats->data;
        type = CK_F32;
    }
    ck_exr_channel ch[4];
    for (int i = 0; i < p->c; i++)
        ch[i] = (ck_exr_channel){.name = p->c == 1 ? "Y" : names[i],
                                 .data = (const char *)data + (size_t)i * plane * ck_type_size(type),
                                 .type = type};
    ck_status s = ck_exr_write(path, p->w, p->h, ch, p->c, file_type, compression, about, e);
    ck_buffer_unref(floats);
    return s;
}

static ck_status write_png(const char *path, const ck_plane *p, const ck_delivery *to, int bits, const ck_meta *about,
                           ck_error *e)
{
    ck_display d;
    ck_status s = ck_display_init(&d, p, to, e);
    if (s != CK_OK)
        return s;
    ck_type type = bits == 8 ? CK_U8 : CK_U16;
    if (p->type == type && (d.to ? d.to->codes : !d.linear) && !d.premultiplied)
        return ck_png_write(path, p->w, p->h, p->c, p->data, type, about, e);
    ck_buffer *b;
    s = ck_display_planar(&d, bits, &b, e);
    if (s != CK_OK)
        return s;
    s = ck_png_write(path, p->w, p->h, p->c, b->data, type, about, e);
    ck_buffer_unref(b);
    return s;
}

ck_status ck_still_write(const char *path, const ck_plane *p, const ck_delivery *to, ck_out_format format,
                         ck_exr_compression compression, const ck_meta *about, ck_error *e)
{
    switch (format) {
    case CK_OUT_EXR:
        return write_exr(path, p, to, CK_F16, compression, about, e);
    case CK_OUT_EXR32:
        return write_exr(path, p, to, CK_F32, compression, about, e);
    case CK_OUT_PNG8:
        return write_png(path, p, to, 8, about, e);
    case CK_OUT_PNG16:
        return write_png(path, p, to, 16, about, e);
    default:
        return write_png(path, p, to, ck_display_bits(p, to), about, e);
    }
}
