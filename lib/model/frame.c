/* Frames through the network: which way, and what both ways share. */
#include <string.h>

#include "model/input.h"
#include "model/network_inside.h"

/* ---- which blocks ---- */

/* A wanted block or a neighbour of one. */
static bool near(const unsigned char *wanted, int y, int x, int down, int across)
{
    for (int v = y > 0 ? y - 1 : 0; v <= y + 1 && v < down; v++)
        for (int u = x > 0 ? x - 1 : 0; u <= x + 1 && u < across; u++)
            if (wanted[v * across + u])
                return true;
    return false;
}

/* All convolutions behind the first together reach 30 pixels: less than a block. */
ck_status ck_network_blocks(ck_network *n, const unsigned char *wanted, ck_error *e)
{
    static const int none[1];
    n->where = (ck_refine_where){.rest = {none, 0}};
    if (!wanted)
        return CK_OK;
    if (!n->blocks || !n->settled)
        return ck_fail(e, CK_ERR_ARGUMENT, "blocks of a frame without statistics: refine a whole frame first");
    int down = ck_nn_blocks(n->h), across = ck_nn_blocks(n->w), all = down * across;
    int *reach = n->blocks, *core = reach + all, *rest = core + all;
    n->where = (ck_refine_where){{reach, 0}, {core, 0}, {rest, 0}, {none, 0}};
    for (int i = 0; i < all; i++) {
        if (near(wanted, i / across, i % across, down, across))
            reach[n->where.reach.n++] = i;
        if (wanted[i])
            core[n->where.core.n++] = i;
        else
            rest[n->where.rest.n++] = i;
    }
    return CK_OK;
}

/* ---- results ---- */

ck_nn_tensor ck_network_part(const ck_network *n, const ck_nn_tensor *t, int from, int count)
{
    ck_nn_tensor v = ck_nn_plan_view(t, from, count);
    return ck_nn_plan_placed(n->plan, &v);
}

ck_status ck_network_not_finite(ck_error *e)
{
    return ck_fail(e, CK_ERR_FORMAT,
                   "the network's result is not finite: look for NaN or infinite values in the frame (ck-info)");
}

int ck_network_results(const ck_network *n, ck_nn_tensor t[2])
{
    t[0] = ck_nn_plan_placed(n->plan, &n->logits);
    if (n->refine)
        t[1] = ck_nn_plan_placed(n->plan, &n->refined.final);
    return n->refine ? 2 : 1;
}

/* ---- planes ---- */

static ck_status fits(const ck_plane *p, int c, int h, int w, bool half, ck_error *e)
{
    if (p->c == c && (!h || (p->h == h && p->w == w)) && (p->type == CK_F32 || (half && p->type == CK_F16)))
        return CK_OK;
    return ck_fail(e, CK_ERR_ARGUMENT, "plane '%s' of %d x %d with %d channels of %s does not fit the network", p->name,
                   p->w, p->h, p->c, p->type_name);
}

static ck_status check(const ck_network *n, const ck_network_frame *f, ck_error *e)
{
    ck_status s = ck_input_fits(f->rgb, 3, e);
    if (s == CK_OK && n->infer)
        s = ck_input_fits(f->hint, 1, e);
    if (s == CK_OK && f->alpha_logits)
        s = fits(f->alpha_logits, 1, n->h / CK_LOGIT_STRIDE, n->w / CK_LOGIT_STRIDE, false, e);
    if (s == CK_OK && f->fg_logits)
        s = fits(f->fg_logits, 3, n->h / CK_LOGIT_STRIDE, n->w / CK_LOGIT_STRIDE, false, e);
    if (s == CK_OK && n->refine)
        s = fits(f->alpha, 1, 0, 0, true, e);
    return s == CK_OK && n->refine ? fits(f->fg, 3, 0, 0, true, e) : s;
}

ck_status ck_network_run_frame(ck_network *n, const ck_network_frame *f, bool timed, ck_error *e)
{
    ck_status s = check(n, f, e);
    if (s != CK_OK)
        return s;
    return n->dev->ops->frames ? ck_network_frame_on_device(n, f, timed, e) : ck_network_frame_on_host(n, f, timed, e);
}

ck_status ck_network_run(ck_network *n, const ck_network_io *io, bool timed, ck_error *e)
{
    return n->dev->ops->frames ? ck_network_io_on_device(n, io, timed, e) : ck_network_io_on_host(n, io, timed, e);
}

int ck_network_frames_at_once(const char *device)
{
    char text[256];
    ck_error e;
    bool cuda = !strncmp(device, "cuda", 4) ||
                (!strcmp(device, "auto") && ck_nn_describe_cuda(0, text, sizeof text, &e) == CK_OK);
    return cuda ? CK_NN_SLOTS : 1;
}
