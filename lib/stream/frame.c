#include "stream/frame.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "stream/lease.h"

static const struct {
    const char *name;
    size_t size;
} types[] = {[CK_OTHER] = {"other", 0},
             [CK_U8] = {"u8", 1},
             [CK_U16] = {"u16", 2},
             [CK_F16] = {"f16", 2},
             [CK_F32] = {"f32", 4}};

size_t ck_type_size(ck_type t)
{
    return types[t].size;
}
const char *ck_type_name(ck_type t)
{
    return types[t].name;
}

ck_plane *ck_frame_plane(ck_frame *f, const char *name)
{
    for (int i = 0; i < f->n; i++)
        if (!strcmp(f->planes[i].name, name))
            return &f->planes[i];
    return NULL;
}

const char *ck_plane_remedy(const char *name)
{
    static const char *const remedies[][2] = {
        {"rgb", "add ck-decode or ck-synth upstream"},
        {"hint", "add ck-hint upstream, or give ck-decode --hint"},
        {"key", "add ck-hint --with-key upstream"},
        {"alpha_logits", "add ck-infer upstream"},
        {"fg_logits", "add ck-infer upstream"},
        {"alpha", "add ck-infer and ck-refine upstream, or key with ck-post --classical"},
        {"fg", "add ck-infer and ck-refine upstream, or key with ck-post --classical"},
        {"coverage", "add ck-matte upstream"},
        {"refine_map", "add ck-refine --mode sparse --map upstream"},
        {"processed", "add ck-post upstream"},
        {"comp", "add ck-post upstream"},
        {"clean", "add ck-hint --method key upstream, or give ck-decode --clean"},
        {"garbage", "give ck-decode --garbage"},
        {"holdout", "give ck-decode --holdout"},
        {"background", "give ck-decode --background"},
        {"true_alpha", "add ck-synth upstream"},
        {"true_fg", "add ck-synth upstream"},
    };
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
        if (!strcmp(remedies[i][0], name))
            return remedies[i][1];
    return "list the planes of the stream with ck-info";
}

ck_status ck_frame_need(ck_frame *f, const char *name, int c, unsigned allowed, ck_plane **out, ck_error *e)
{
    ck_plane *p = ck_frame_plane(f, name);
    if (!p)
        return ck_fail(e, CK_ERR_FORMAT, "no plane '%s' in the stream: %s", name, ck_plane_remedy(name));
    if (!allowed)
        allowed = 1u << CK_U8 | 1u << CK_U16 | 1u << CK_F16 | 1u << CK_F32;
    if (!(allowed >> p->type & 1) || p->type == CK_OTHER)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "plane '%s' has samples of type %s, which this program does not read",
                       name, p->type_name);
    if (c > 0 && p->c != c)
        return ck_fail(e, CK_ERR_FORMAT, "plane '%s' has %d channels, not %d", name, p->c, c);
    *out = p;
    return CK_OK;
}

static bool plane_bytes(ck_type type, int c, int h, int w, size_t *bytes)
{
    return c > 0 && h > 0 && w > 0 && c <= CK_MAX_CHANNELS && h <= CK_MAX_SIDE && w <= CK_MAX_SIDE &&
           ck_mul((size_t)c * (size_t)h, (size_t)w, bytes) && ck_mul(*bytes, ck_type_size(type), bytes);
}

ck_buffer *ck_frame_buffer(ck_frame *f, size_t bytes)
{
    if (bytes < CK_LEASE_LEAST)
        return ck_buffer_new(bytes);
    f->asked += ck_pad(bytes);
    ck_buffer *b = f->lease ? ck_lease_take(f->lease, bytes) : NULL;
    return b ? b : ck_buffer_new(bytes);
}

/* Put `p` in the place of the plane of its name, else at the end.  Takes over its reference to the buffer. */
static ck_status put(ck_frame *f, const ck_plane *p, ck_plane **out, ck_error *e)
{
    ck_plane *old = ck_frame_plane(f, p->name);
    if (!old && f->n == CK_MAX_PLANES) {
        ck_buffer_unref(p->buf);
        return ck_fail(e, CK_ERR_FORMAT, "no room for plane '%s': a frame holds at most %d planes", p->name,
                       CK_MAX_PLANES);
    }
    if (old)
        ck_buffer_unref(old->buf);
    else
        old = &f->planes[f->n++];
    *old = *p;
    *out = old;
    return CK_OK;
}

ck_status ck_frame_add(ck_frame *f, const char *name, ck_type type, int c, int h, int w, const char *encoding,
                       ck_plane **out, ck_error *e)
{
    ck_plane p = {.type = type, .elem = (uint32_t)ck_type_size(type), .c = c, .h = h, .w = w};
    if (strlen(name) >= sizeof p.name || strlen(encoding) >= sizeof p.encoding)
        return ck_fail(e, CK_ERR_ARGUMENT, "plane name '%s' or encoding '%s' is too long", name, encoding);
    if (!plane_bytes(type, c, h, w, &p.bytes))
        return ck_fail(e, CK_ERR_FORMAT, "plane '%s' cannot have %d channels of %d x %d: sides go to %d", name, c, w, h,
                       CK_MAX_SIDE);
    p.buf = ck_frame_buffer(f, p.bytes);
    if (!p.buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for plane '%s' of %zu bytes", name, p.bytes);
    p.data = p.buf->data;
    snprintf(p.name, sizeof p.name, "%s", name);
    snprintf(p.type_name, sizeof p.type_name, "%s", ck_type_name(type));
    snprintf(p.encoding, sizeof p.encoding, "%s", encoding);
    return put(f, &p, out, e);
}

ck_status ck_frame_share(ck_frame *f, const char *from, const char *name, ck_error *e)
{
    ck_plane p = *ck_frame_plane(f, from), *out;
    if (strlen(name) >= sizeof p.name)
        return ck_fail(e, CK_ERR_ARGUMENT, "plane name '%s' is too long", name);
    snprintf(p.name, sizeof p.name, "%s", name);
    ck_buffer_ref(p.buf);
    return put(f, &p, &out, e);
}

/* True for private memory, and for this stage's own ring before the frame is sent. */
static bool writable(const ck_frame *f, const ck_buffer *b)
{
    const ck_lease *l = ck_lease_of(b);
    return !ck_buffer_shared(b) && (!l || l == f->lease);
}

ck_status ck_frame_edit(ck_frame *f, const char *name, ck_plane **out, ck_error *e)
{
    ck_plane *p = ck_frame_plane(f, name);
    *out = p;
    p->finite = false;
    if (writable(f, p->buf))
        return CK_OK;
    ck_buffer *own = ck_frame_buffer(f, p->bytes);
    if (!own)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for plane '%s' of %zu bytes", name, p->bytes);
    memcpy(own->data, p->data, p->bytes);
    ck_buffer_unref(p->buf);
    p->buf = own;
    p->data = own->data;
    return CK_OK;
}

void ck_frame_remove(ck_frame *f, const char *name)
{
    ck_plane *p = ck_frame_plane(f, name);
    if (!p)
        return;
    ck_buffer_unref(p->buf);
    int i = (int)(p - f->planes);
    memmove(p, p + 1, (size_t)(--f->n - i) * sizeof *p);
}

long ck_frame_number(const ck_frame *f)
{
    return ck_meta_int(&f->meta, "number", LONG_MIN, LONG_MAX, (long)f->seq);
}

const char *ck_frame_error(const ck_frame *f)
{
    return ck_meta_get(&f->meta, "error");
}

void ck_frame_error_line(const ck_frame *f, ck_error *line)
{
    const char *text = ck_frame_error(f);
    /* The text names the frame already, or stands for several (`missing`). */
    if (strncmp(text, "frame ", 6) && !ck_meta_get(&f->meta, "missing"))
        ck_fail(line, CK_OK, "frame %ld: %s", ck_frame_number(f), text);
    else
        ck_fail(line, CK_OK, "%s", text);
}

static void drop_planes(ck_frame *f)
{
    for (int i = 0; i < f->n; i++)
        ck_buffer_unref(f->planes[i].buf);
    f->n = 0;
}

ck_status ck_frame_set_error(ck_frame *f, const char *text, ck_error *e)
{
    drop_planes(f);
    return ck_meta_set(&f->meta, "error", text, e);
}

void ck_frame_free(ck_frame *f)
{
    drop_planes(f);
    ck_lease_unref(f->lease);
    f->lease = NULL;
    f->asked = 0;
    ck_meta_free(&f->meta);
    if (f->job && f->job_free)
        f->job_free(f->job);
    f->job = NULL;
    f->job_free = NULL;
    f->seq = 0;
}
