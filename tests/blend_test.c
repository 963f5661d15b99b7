/* A hint and a key as one plane (model/blend.h). */
#include <string.h>

#include "base/mem.h"
#include "model/blend.h"
#include "row.h"
#include "tap.h"

int main(void)
{
    float hint[] = {0, 1, 0, 1, 0.25f}, small[] = {0.5f};
    uint8_t key[] = {0, 255, 255, 0, 51}; /* 51 is 0.2 */
    ck_plane h = row(hint, CK_F32, 5, "hint"), k = row(key, CK_U8, 5, "key"), s = row(small, CK_F32, 1, "hint"), b;
    ck_buffer *hold;
    ck_error e;
    const float by_hand[] = {0, 1, 0.75f, 0.25f, 0.2125f}, from_small[] = {0.25f, 0.75f, 0.75f, 0.25f, 0.35f};
    ok(ck_blend_key(&h, &k, 0.75f, &b, &hold, &e) == CK_OK && worst(b.data, by_hand, 5) < 1e-6f, "by hand");
    ok(b.type == CK_F32 && b.h == 1 && b.w == 5 && !strcmp(b.name, "hint") && b.bytes == 5 * sizeof(float),
       "a hint of the key's size");
    ck_buffer_unref(hold);
    ok(ck_blend_key(&s, &k, 0.5f, &b, &hold, &e) == CK_OK && worst(b.data, from_small, 5) < 1e-6f,
       "a hint of another size is resized");
    ck_buffer_unref(hold);
    k.type = CK_OTHER;
    ok(ck_blend_key(&h, &k, 0.5f, &b, &hold, &e) == CK_ERR_ARGUMENT, "a key of a strange type is refused");
    ck_buffer_unref(hold);
    ck_pool_trim();
    return done_testing();
}
