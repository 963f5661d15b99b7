/* Apart from network.c, which the self-check uses. */
#include "greenformer/network.h"
#include "greenformer/self_check.h"

ck_status ck_network_open(const ck_weights *w, const ck_sizes *z, const ck_network_options *o, ck_network **out,
                          ck_error *e)
{
    ck_nn *dev;
    ck_status s = o->without ? ck_self_check_skip(o->device, o->threads, o->precision, o->without, &dev, e)
                             : ck_self_check_open(o->device, o->threads, o->precision, false, &dev, e);
    return s == CK_OK ? ck_network_open_on(dev, w, z, o, out, e) : s;
}
