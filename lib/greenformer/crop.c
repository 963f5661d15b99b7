#include "greenformer/crop.h"

#include <string.h>

#include "image/convert.h"
#include "image/plate.h"
#include "greenformer/input.h"

bool ck_crop_parse(const char *text, ck_crop *c)
{
    int *const to[] = {&c->x, &c->y, &c->w, &c->h};
    for (int i = 0; i < 4; i++) {
        long v = 0;
        if (*text < '0' || *text > '9')
            return false;
        for (; *text >= '0' && *text <= '9'; text++)
            if ((v = 10 * v + (*text - '0')) > CK_MAX_SIDE)
                return false;
        if (*text++ != (i < 3 ? ',' : 0))
            return false;
        *to[i] = (int)v;
    }
    return c->w > 0 && c->h > 0;
}

bool ck_crop_inside(const ck_crop *c, int h, int w)
{
    return c->x + c->w <= w && c->y + c->h <= h; /* at most 2 CK_MAX_SIDE */
}

ck_status ck_crop_of(const ck_frame *f, const ck_plane *plate, ck_crop *c, ck_error *e)
{
    const char *text = ck_meta_get(&f->meta, CK_CROP_REGION);
    *c = (ck_crop){0};
    if (!text)
        return CK_OK;
    if (!ck_crop_parse(text, c) || !ck_crop_inside(c, plate->h, plate->w))
        return ck_fail(e, CK_ERR_FORMAT,
                       "metadata 'region' is '%.40s', not X,Y,W,H inside the plate of %d x %d: run ck-infer on this "
                       "plate",
                       text, plate->w, plate->h);
    if (c->w == plate->w && c->h == plate->h)
        *c = (ck_crop){0};
    return CK_OK;
}

ck_status ck_crop_set(ck_frame *f, const ck_crop *c, ck_error *e)
{
    if (!c->w)
        return ck_meta_set(&f->meta, CK_CROP_REGION, NULL, e);
    return ck_meta_setf(&f->meta, e, CK_CROP_REGION, "%d,%d,%d,%d", c->x, c->y, c->w, c->h);
}

/* ---- cut ---- */

/* Rows of a plane of the plate's size, of any type. */
static void copy_out(const ck_plane *from, const ck_crop *c, const ck_plane *to)
{
    size_t elem = from->elem, row = (size_t)c->w * elem;
    for (int k = 0; k < from->c; k++)
        for (int y = 0; y < c->h; y++) {
            size_t at = ((size_t)k * (size_t)from->h + (size_t)(c->y + y)) * (size_t)from->w + (size_t)c->x;
            memcpy((char *)ck_plane_data(to) + ((size_t)k * (size_t)c->h + (size_t)y) * row,
                   (const char *)from->data + at * elem, row);
        }
}

static ck_status cut(const ck_plane *p, const ck_crop *c, ck_frame *inside, ck_error *e)
{
    ck_plane *to;
    ck_status s = ck_frame_add(inside, p->name, p->type, p->c, c->h, c->w, p->encoding, &to, e);
    if (s != CK_OK)
        return s;
    copy_out(p, c, to);
    to->finite = p->finite;
    return CK_OK;
}

static void share(ck_frame *f, const char *name, ck_frame *inside)
{
    const ck_plane *p = ck_frame_plane(f, name);
    if (!p)
        return;
    inside->planes[inside->n++] = *p;
    ck_buffer_ref(p->buf);
}

ck_status ck_crop_cut(ck_frame *f, const ck_crop *c, ck_frame *inside, ck_error *e)
{
    ck_plane *rgb;
    *inside = (ck_frame){.seq = f->seq};
    ck_status s = ck_frame_need(f, "rgb", 3, 0, &rgb, e);
    if (s == CK_OK)
        s = ck_meta_copy(&inside->meta, &f->meta, e);
    if (s == CK_OK)
        s = cut(rgb, c, inside, e);
    if (s != CK_OK)
        return s;
    share(f, "alpha_logits", inside);
    share(f, "fg_logits", inside);
    return CK_OK;
}

/* The plane resized to the plate, then cut. */
static ck_status resize(const ck_plane *p, const ck_plane *plate, const ck_crop *c, ck_frame *inside, ck_error *e)
{
    ck_plane whole = *p;
    whole.type = CK_F32;
    whole.elem = sizeof(float);
    whole.h = plate->h;
    whole.w = plate->w;
    whole.buf = ck_buffer_new((size_t)plate->h * (size_t)plate->w * sizeof(float));
    if (!whole.buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for plane '%s'", p->name);
    whole.data = whole.buf->data;
    ck_status s = ck_input_hint(p, plate->h, plate->w, whole.buf->data, e);
    if (s == CK_OK)
        s = cut(&whole, c, inside, e);
    ck_buffer_unref(whole.buf);
    return s;
}

ck_status ck_crop_cut_plane(ck_frame *f, const ck_crop *c, const char *name, ck_frame *inside, ck_error *e)
{
    const ck_plane *plate = ck_frame_plane(f, "rgb");
    ck_plane *p = ck_frame_plane(f, name);
    if (!p)
        return CK_OK;
    ck_status s = ck_frame_need(f, name, 1, 0, &p, e);
    if (s != CK_OK)
        return s;
    return p->h == plate->h && p->w == plate->w ? cut(p, c, inside, e) : resize(p, plate, c, inside, e);
}

/* ---- paste ---- */

/* Columns x0 … x1 - 1 of a row of the plate, as a foreground. */
static void plate_part(const ck_plane *plate, const ck_plane *fg, int k, int y, int x0, int x1)
{
    float part[1024];
    for (int x = x0, n; x < x1; x += n) {
        n = x1 - x < 1024 ? x1 - x : 1024;
        size_t at = ((size_t)k * (size_t)fg->h + (size_t)y) * (size_t)fg->w + (size_t)x;
        ck_plate_row(plate, (size_t)k, y, x, (size_t)n, part);
        if (fg->type == CK_F16)
            ck_f32_to_f16(part, (uint16_t *)ck_plane_data(fg) + at, (size_t)n);
        else
            memcpy((float *)ck_plane_data(fg) + at, part, (size_t)n * sizeof *part);
    }
}

/* One row of one channel around the region: zeros, or the plate if given. */
static void surround(const ck_plane *plate, const ck_plane *to, int k, int y, int x0, int x1)
{
    size_t at = ((size_t)k * (size_t)to->h + (size_t)y) * (size_t)to->w + (size_t)x0;
    if (plate)
        plate_part(plate, to, k, y, x0, x1);
    else
        memset((char *)ck_plane_data(to) + at * to->elem, 0, (size_t)(x1 - x0) * to->elem);
}

static void paste(const ck_plane *from, const ck_crop *c, const ck_plane *plate, const ck_plane *to)
{
    size_t row = (size_t)c->w * from->elem;
    for (int k = 0; k < to->c; k++)
        for (int y = 0; y < to->h; y++) {
            if (y < c->y || y >= c->y + c->h) {
                surround(plate, to, k, y, 0, to->w);
                continue;
            }
            size_t at = ((size_t)k * (size_t)to->h + (size_t)y) * (size_t)to->w + (size_t)c->x;
            surround(plate, to, k, y, 0, c->x);
            surround(plate, to, k, y, c->x + c->w, to->w);
            memcpy((char *)ck_plane_data(to) + at * to->elem,
                   (const char *)from->data + ((size_t)k * (size_t)c->h + (size_t)(y - c->y)) * row, row);
        }
}

/* Add a copy of a plane of `inside`, with the frame's own memory, which the next stage may share. */
static ck_status copy(const ck_plane *p, ck_frame *f, ck_error *e)
{
    ck_plane *to;
    ck_status s = ck_frame_add(f, p->name, p->type, p->c, p->h, p->w, p->encoding, &to, e);
    if (s == CK_OK)
        memcpy(ck_plane_data(to), p->data, p->bytes);
    return s;
}

static ck_status paste_plane(const ck_plane *p, const ck_crop *c, bool of_plate, ck_frame *f, ck_error *e)
{
    ck_plane plate = *ck_frame_plane(f, "rgb"), *to; /* a copy: adding planes moves it */
    ck_status s = ck_frame_add(f, p->name, p->type, p->c, plate.h, plate.w, p->encoding, &to, e);
    if (s == CK_OK)
        paste(p, c, of_plate ? &plate : NULL, to);
    return s;
}

ck_status ck_crop_paste(ck_frame *inside, const ck_crop *c, bool native, ck_frame *f, ck_error *e)
{
    static const char *const finals[] = {"alpha", "fg"}, *const logits[] = {"alpha_logits", "fg_logits"};
    ck_status s = CK_OK;
    for (int i = 0; i < 2 && s == CK_OK; i++) {
        const ck_plane *p = ck_frame_plane(inside, logits[i]);
        if (p)
            s = copy(p, f, e);
        else
            ck_frame_remove(f, logits[i]);
    }
    for (int i = 0; i < 2 && s == CK_OK; i++) {
        const ck_plane *p = ck_frame_plane(inside, finals[i]);
        if (p)
            s = native ? copy(p, f, e) : paste_plane(p, c, i == 1, f, e);
    }
    return s;
}
