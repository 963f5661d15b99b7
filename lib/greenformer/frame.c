/* Frames through the network, on the host or on a device with its own memory. */
#include <string.h>

#include "greenformer/input.h"
#include "greenformer/network_inside.h"

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
