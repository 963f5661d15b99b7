/* Memory of the program besides the network.  With --memory the frame loop holds one frame at a time, with its matte
 * and foreground.  A plane that is converted goes through float32, one channel at a time: the largest buffer that is
 * not a plane. */
#include "ck-refine/budget.h"

#include <string.h>

#include "greenformer/detail.h"
#include "stream/depth.h"

/* The program itself: code's data, oneDNN's kernels, the refiner's weights in two layouts, threads' stacks, rows that
 * are being resampled.  20 MB were measured with two threads. */
#define REST ((size_t)32 << 20)

/* --detail and sparse look at key or hint. */
static bool looked_at(const ck_refine_options *o, const ck_frame *f, const ck_plane *p)
{
    bool keyed = false;
    for (int i = 0; i < f->n; i++)
        keyed |= !strcmp(f->planes[i].name, "key");
    bool of_hint = o->mode == CK_REFINE_SPARSE || (o->finals.detail && !keyed);
    return (of_hint && !strcmp(p->name, "hint")) || (o->finals.detail && !strcmp(p->name, "key"));
}

/* Copies of key and hint in float32. */
static size_t widened(const ck_refine_options *o, const ck_frame *f)
{
    size_t sum = 0;
    for (int i = 0; i < f->n; i++) {
        const ck_plane *p = &f->planes[i];
        if (looked_at(o, f, p) && p->type != CK_F32)
            sum += sizeof(float) * (size_t)p->h * (size_t)p->w;
    }
    return sum;
}

/* Copies of a region: planes in and out, at most as large as the frame's; key and hint are resized to the plate first.
 */
static size_t copied(const ck_refine_options *o, const ck_frame *f, const ck_plane *rgb, size_t in, size_t out)
{
    size_t sum = in + out;
    for (int i = 0; i < f->n; i++) {
        const ck_plane *p = &f->planes[i];
        if (looked_at(o, f, p) && (p->h != rgb->h || p->w != rgb->w))
            sum += 2 * sizeof(float) * (size_t)rgb->h * (size_t)rgb->w;
    }
    return sum;
}

ck_status ck_budget_network(const ck_refine_options *o, const ck_frame *f, const ck_plane *rgb, int h, int w,
                            bool regions, size_t *left, ck_error *e)
{
    int oh = o->finals.native ? h : rgb->h, ow = o->finals.native ? w : rgb->w;
    size_t in = 0, out = 4 * (size_t)oh * (size_t)ow * (o->finals.depth == CK_DEPTH_16 ? 2 : 4);
    for (int i = 0; i < f->n; i++)
        in += f->planes[i].bytes;
    /* If the matte is float32 at the plate's size, this buffer becomes the matte, and is at most as large. */
    size_t wide = sizeof(float) * (size_t)rgb->h * (size_t)rgb->w;
    bool becomes = o->finals.depth == CK_DEPTH_32 && oh == rgb->h && ow == rgb->w;
    size_t turned = o->network.blue_as_green ? in : 0; /* upper bound: only plate and logits are copied */
    size_t after = o->finals.detail ? ck_detail_bytes(h, w, oh, ow) : 0;
    size_t taken = in + turned + out + (becomes ? 0 : wide) + widened(o, f) + after + REST;
    taken += regions ? copied(o, f, rgb, in, out) : 0;
    if (taken >= o->memory)
        return ck_fail(e, CK_ERR_ARGUMENT, "--memory of %.1f MB is not enough: a frame of %d x %d alone takes %.1f MB",
                       (double)o->memory * 1e-6, rgb->w, rgb->h, (double)taken * 1e-6);
    *left = o->memory - taken;
    return CK_OK;
}
