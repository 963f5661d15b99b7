#include "model/blend.h"

#include <stdio.h>

#include "base/clones.h"
#include "model/input.h"

CK_CLONES
static void mix(float *hint, const float *key, float part, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hint[i] += part * (key[i] - hint[i]);
}

ck_status ck_blend_key(const ck_plane *hint, const ck_plane *key, float part, ck_plane *blend, ck_buffer **hold,
                       ck_error *e)
{
    size_t n = (size_t)key->h * (size_t)key->w;
    ck_buffer *wide = ck_buffer_new(n * sizeof(float));
    *hold = ck_buffer_new(n * sizeof(float));
    ck_status s =
        *hold && wide ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a copy of plane '%s'", hint->name);
    if (s == CK_OK)
        s = ck_input_hint(hint, key->h, key->w, (*hold)->data, e);
    if (s == CK_OK)
        s = ck_input_hint(key, key->h, key->w, wide->data, e);
    if (s == CK_OK) {
        mix((*hold)->data, wide->data, part, n);
        *blend = *key;
        snprintf(blend->name, sizeof blend->name, "%s", hint->name);
        snprintf(blend->type_name, sizeof blend->type_name, "f32");
        blend->type = CK_F32;
        blend->elem = sizeof(float);
        blend->c = 1;
        blend->bytes = n * sizeof(float);
        blend->data = (*hold)->data;
        blend->buf = *hold;
    }
    ck_buffer_unref(wide);
    return s;
}
