#include "greenformer/channel_swap.h"

#include <string.h>

ck_status ck_channel_swap_copy(const ck_plane *p, ck_plane *copy, ck_buffer **hold, ck_error *e)
{
    size_t one = (size_t)p->h * (size_t)p->w * p->elem;
    *hold = ck_buffer_new(3 * one);
    if (!*hold)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a copy of plane '%s'", p->name);
    *copy = *p;
    copy->c = 3;
    copy->bytes = 3 * one;
    copy->data = (*hold)->data;
    copy->buf = *hold;
    const char *from = p->data;
    char *to = (*hold)->data;
    memcpy(to, from, one);
    memcpy(to + one, from + 2 * one, one);
    memcpy(to + 2 * one, from + one, one);
    return CK_OK;
}

void ck_channel_swap_here(ck_plane *p)
{
    size_t one = (size_t)p->h * (size_t)p->w * p->elem;
    char *a = (char *)ck_plane_data(p) + one, *b = a + one, part[4096];
    for (size_t i = 0; i < one; i += sizeof part) {
        size_t n = one - i < sizeof part ? one - i : sizeof part;
        memcpy(part, a + i, n);
        memcpy(a + i, b + i, n);
        memcpy(b + i, part, n);
    }
}
