/* Frames in host memory: the network's own tensors are filled and read, one frame at a time. */

#include "image/convert.h"
#include "image/resample.h"
#include "greenformer/input.h"
#include "greenformer/network_inside.h"

static void up(ck_network *n, const ck_nn_tensor *t, int from, int count, const float *src)
{
    ck_nn_tensor v = ck_network_part(n, t, from, count);
    n->dev->ops->upload(n->dev, &v, src);
}

static void down(ck_network *n, const ck_nn_tensor *t, int from, int count, float *dst)
{
    ck_nn_tensor v = ck_network_part(n, t, from, count);
    if (dst)
        n->dev->ops->download(n->dev, &v, dst);
}

/* Run the network from its input tensors to its result tensors. */
static ck_status run_on_host(ck_network *n, const unsigned char *blocks, bool timed, ck_error *e)
{
    ck_nn_tensor t[2];
    ck_status s = ck_network_blocks(n, blocks, e);
    if (s == CK_OK)
        s = ck_nn_plan_run(n->plan, timed, e);
    for (int i = 0, all = ck_network_results(n, t); i < all && s == CK_OK; i++)
        if (!ck_all_finite(t[i].data, ck_nn_pixels(&t[i]) * (size_t)t[i].c))
            s = ck_network_not_finite(n, false, e); /* the sums have the range of float32 */
    n->settled = blocks ? n->settled : s == CK_OK;
    return s;
}

/* Make a plane from channels of the finals: resize, convert to the plane's type, one channel at a time. */
static ck_status narrow(ck_plane *p, const ck_nn_tensor *t, ck_error *e)
{
    size_t n = (size_t)p->h * (size_t)p->w, from = ck_nn_pixels(t);
    const float *fine = t->data;
    if (p->type == CK_F32)
        return ck_resample(fine, p->c, t->h, t->w, ck_plane_data(p), p->h, p->w, CK_LANCZOS4, e);
    ck_buffer *wide = ck_buffer_new(n * sizeof(float));
    if (!wide)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for plane '%s'", p->name);
    ck_status s = CK_OK;
    for (size_t k = 0; k < (size_t)p->c && s == CK_OK; k++) {
        s = ck_resample(fine + k * from, 1, t->h, t->w, wide->data, p->h, p->w, CK_LANCZOS4, e);
        if (s == CK_OK)
            ck_f32_to_f16(wide->data, (uint16_t *)ck_plane_data(p) + k * n, n);
    }
    ck_buffer_unref(wide);
    return s;
}

static ck_status fill(ck_network *n, const ck_network_frame *f, ck_error *e)
{
    ck_status s = ck_input_rgb(f->rgb, n->h, n->w, ck_network_part(n, &n->input, 0, 3).data, e);
    if (s != CK_OK)
        return s;
    if (n->infer)
        return ck_input_hint(f->hint, n->h, n->w, ck_network_part(n, &n->input, 3, 1).data, e);
    up(n, &n->logits, 0, 1, f->alpha_logits->data);
    up(n, &n->logits, 1, 3, f->fg_logits->data);
    return CK_OK;
}

/* The input is complete. */
static void route(ck_network *n, double *share)
{
    if (n->route.on)
        ck_route_choose(&n->route, ck_network_part(n, &n->input, 3, 1).data, share);
}

static ck_status make_frame(ck_network *n, const ck_network_frame *f, bool timed, ck_error *e)
{
    const unsigned char *blocks = NULL;
    ck_status s = fill(n, f, e);
    if (s == CK_OK && f->choose)
        s = f->choose(f->ctx, ck_network_part(n, &n->input, 0, 3).data, &blocks, e);
    if (s == CK_OK) {
        route(n, f->routed);
        s = run_on_host(n, blocks, timed, e);
    }
    if (s == CK_OK && n->infer) {
        down(n, &n->logits, 0, 1, f->alpha_logits ? ck_plane_data(f->alpha_logits) : NULL);
        down(n, &n->logits, 1, 3, f->fg_logits ? ck_plane_data(f->fg_logits) : NULL);
    }
    if (s != CK_OK || !n->refine)
        return s;
    ck_nn_tensor alpha = ck_network_part(n, &n->refined.final, 0, 1), fg = ck_network_part(n, &n->refined.final, 1, 3);
    s = narrow(f->alpha, &alpha, e);
    return s == CK_OK ? narrow(f->fg, &fg, e) : s;
}

ck_status ck_network_frame_on_host(ck_network *n, const ck_network_frame *f, bool timed, ck_error *e)
{
    pthread_mutex_lock(&n->lock);
    ck_status s = make_frame(n, f, timed, e);
    pthread_mutex_unlock(&n->lock);
    return s;
}

static ck_status run_floats(ck_network *n, const ck_network_io *io, bool timed, ck_error *e)
{
    up(n, &n->input, 0, 3, io->rgb);
    if (n->infer) {
        up(n, &n->input, 3, 1, io->hint);
    } else {
        up(n, &n->logits, 0, 1, io->alpha_logits);
        up(n, &n->logits, 1, 3, io->fg_logits);
    }
    route(n, NULL);
    ck_status s = run_on_host(n, io->blocks, timed, e);
    if (n->infer) {
        down(n, &n->logits, 0, 1, io->alpha_logits);
        down(n, &n->logits, 1, 3, io->fg_logits);
    }
    if (n->refine) {
        down(n, &n->refined.final, 0, 1, io->alpha);
        down(n, &n->refined.final, 1, 3, io->fg);
    }
    return s;
}

ck_status ck_network_io_on_host(ck_network *n, const ck_network_io *io, bool timed, ck_error *e)
{
    pthread_mutex_lock(&n->lock);
    ck_status s = run_floats(n, io, timed, e);
    pthread_mutex_unlock(&n->lock);
    return s;
}
