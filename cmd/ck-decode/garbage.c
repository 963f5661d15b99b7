#include "ck-decode/garbage.h"

#include <string.h>

#include "image/convert.h"

static void invert(const ck_plane *alpha, const ck_plane *garbage)
{
    size_t n = alpha->bytes / alpha->elem;
    if (alpha->type == CK_U8) {
        const uint8_t *from = alpha->data;
        uint8_t *to = ck_plane_data(garbage);
        for (size_t i = 0; i < n; i++)
            to[i] = (uint8_t)(255 - from[i]);
    } else {
        const float *from = alpha->data;
        float *to = ck_plane_data(garbage);
        for (size_t i = 0; i < n; i++)
            to[i] = 1.0f - from[i];
        ck_clamp01_all(to, n);
    }
}

ck_status ck_garbage_add(const ck_source *plate, const ck_item *item, ck_frame *f, ck_error *e)
{
    ck_frame side = {0};
    ck_plane *garbage;
    const ck_plane *rgb = ck_frame_plane(f, "rgb");
    if (item->black) {
        ck_status s = ck_frame_add(f, "garbage", CK_U8, 1, rgb->h, rgb->w, "", &garbage, e);
        if (s == CK_OK)
            memset(ck_plane_data(garbage), 0, garbage->bytes);
        return s;
    }
    ck_status s = ck_source_read(plate, item, CK_WANT_ALPHA, "garbage", &side, e);
    const ck_plane *alpha = ck_frame_plane(&side, "garbage");
    if (s == CK_OK)
        s = ck_frame_add(f, "garbage", alpha->type, 1, alpha->h, alpha->w, "", &garbage, e);
    if (s == CK_OK)
        invert(alpha, garbage);
    ck_frame_free(&side);
    return s;
}
