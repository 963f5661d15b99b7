/* Selection of refined blocks and result tensors, for frames on the host and on a device. */
#include "greenformer/network_inside.h"

/* True if a wanted block is at most `rings` blocks away. */
static bool near(const unsigned char *wanted, int y, int x, int down, int across, int rings)
{
    for (int v = y > rings ? y - rings : 0; v <= y + rings && v < down; v++)
        for (int u = x > rings ? x - rings : 0; u <= x + rings && u < across; u++)
            if (wanted[v * across + u])
                return true;
    return false;
}

ck_status ck_network_blocks(ck_network *n, const unsigned char *wanted, ck_error *e)
{
    static const int none[1];
    n->where = (ck_refine_where){.rest = {none, 0}};
    if (!wanted)
        return CK_OK;
    if (!n->blocks || !n->settled)
        return ck_fail(e, CK_ERR_ARGUMENT, "tiles of a frame without statistics: refine a whole frame first");
    int down = ck_nn_blocks(n->h), across = ck_nn_blocks(n->w), all = down * across, *list = n->blocks;
    ck_refine_where *to = &n->where;
    to->sums = (ck_nn_part){none, 0};
    for (int r = 0; r <= CK_REFINER_RINGS; r++, list += all) {
        to->near[r] = (ck_nn_part){list, 0};
        for (int i = 0; i < all; i++)
            if (near(wanted, i / across, i % across, down, across, r))
                list[to->near[r].n++] = i;
    }
    to->rest = (ck_nn_part){list, 0};
    for (int i = 0; i < all; i++)
        if (!wanted[i])
            list[to->rest.n++] = i;
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
