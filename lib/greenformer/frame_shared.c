/* Selection of refined blocks and result tensors, for frames on the host and on a device. */
#include "greenformer/network_inside.h"

/* True for a wanted block and its neighbours. */
static bool near(const unsigned char *wanted, int y, int x, int down, int across)
{
    for (int v = y > 0 ? y - 1 : 0; v <= y + 1 && v < down; v++)
        for (int u = x > 0 ? x - 1 : 0; u <= x + 1 && u < across; u++)
            if (wanted[v * across + u])
                return true;
    return false;
}

/* A refined block depends on its neighbours too: the convolutions after the first reach 30 pixels, less than a
 * block. */
ck_status ck_network_blocks(ck_network *n, const unsigned char *wanted, ck_error *e)
{
    static const int none[1];
    n->where = (ck_refine_where){.rest = {none, 0}};
    if (!wanted)
        return CK_OK;
    if (!n->blocks || !n->settled)
        return ck_fail(e, CK_ERR_ARGUMENT, "tiles of a frame without statistics: refine a whole frame first");
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

ck_nn_tensor ck_network_part(const ck_network *n, const ck_nn_tensor *t, int from, int count)
{
    ck_nn_tensor v = ck_nn_plan_view(t, from, count);
    return ck_nn_plan_placed(n->plan, &v);
}

ck_status ck_network_not_finite(const ck_network *n, bool frame_is_finite, ck_error *e)
{
    const char *why = !frame_is_finite ? "look for NaN or infinite values in the frame (ck-info)"
                      : n->dev->precision == CK_NN_PRECISION_F16
                          ? "a value inside it exceeded float16: use --precision bf16"
                          : "the frame is finite, so check the weights (ck-model check)";
    return ck_fail(e, CK_ERR_FORMAT, "the network's result is not finite: %s", why);
}

int ck_network_results(const ck_network *n, ck_nn_tensor t[2])
{
    t[0] = ck_nn_plan_placed(n->plan, &n->logits);
    if (n->refine)
        t[1] = ck_nn_plan_placed(n->plan, &n->refined.final);
    return n->refine ? 2 : 1;
}
