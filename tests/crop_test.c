/* The region of a plate that the network sees (greenformer/crop.h): its text, the subject's box, cut and paste. */
#include <math.h>
#include <string.h>

#include "image/colour.h"
#include "image/convert.h"
#include "greenformer/crop.h"
#include "tap.h"

enum { W = 640, H = 480 };

static ck_plane *add(ck_frame *f, const char *name, ck_type type, int c, int h, int w, const char *encoding)
{
    ck_plane *p;
    ck_error e;
    if (ck_frame_add(f, name, type, c, h, w, encoding, &p, &e) != CK_OK) {
        printf("Bail out! %s\n", e.text);
        return NULL;
    }
    memset(ck_plane_data(p), 0, p->bytes);
    return p;
}

/* ---- text ---- */

static void texts(void)
{
    static const char *const bad[] = {"",         "1,2,3",     "1,2,3,4,",  "1,2,3,4,5",   " 1,2,3,4",
                                      "1,2,3,4 ", "-1,2,3,4",  "+1,2,3,4",  "1,2,0,4",     "1,2,3,0",
                                      "1,,3,4",   "1.5,2,3,4", "0x1,2,3,4", "65537,0,1,1", "0,0,99999999999999999999,1",
                                      "auto"};
    ck_crop c;
    ok(ck_crop_parse("1,02,345,65536", &c) && c.x == 1 && c.y == 2 && c.w == 345 && c.h == 65536, "a region is read");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!ck_crop_parse(bad[i], &c), "'%s' is none", bad[i]);
    c = (ck_crop){3, 4, 10, 20};
    ok(ck_crop_inside(&c, 24, 13) && !ck_crop_inside(&c, 23, 13) && !ck_crop_inside(&c, 24, 12),
       "a region may touch the plate's edges, not exceed them");
}

static void metadata(void)
{
    static const char *const bad[] = {"1,2,3", "600,0,41,1", "0,470,1,11", "x"};
    ck_frame f = {0};
    ck_error e;
    ck_plane plate = {.h = H, .w = W};
    ck_crop c = {1, 1, 1, 1};
    ok(ck_crop_of(&f, &plate, &c, &e) == CK_OK && !c.w, "a frame without region shows the whole plate");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bool set = ck_meta_set(&f.meta, "region", bad[i], &e) == CK_OK;
        ok(set && ck_crop_of(&f, &plate, &c, &e) == CK_ERR_FORMAT && strstr(e.text, "640 x 480"),
           "region '%s' is refused: %s", bad[i], e.text);
    }
    c = (ck_crop){600, 470, 40, 10};
    ck_crop back;
    ok(ck_crop_set(&f, &c, &e) == CK_OK && ck_crop_of(&f, &plate, &back, &e) == CK_OK && !memcmp(&c, &back, sizeof c),
       "a region comes back");
    c = (ck_crop){0, 0, W, H};
    ok(ck_crop_set(&f, &c, &e) == CK_OK && ck_crop_of(&f, &plate, &back, &e) == CK_OK && !back.w,
       "that of the whole plate is none");
    c = (ck_crop){0};
    ok(ck_crop_set(&f, &c, &e) == CK_OK && !ck_meta_get(&f.meta, "region"), "no region removes an old one");
    ck_frame_free(&f);
}

/* ---- the subject ---- */

/* The box of a hint of h x w whose samples x0 … x1 - 1 of rows y0 … y1 - 1 are v, in a plate of W x H. */
static ck_crop subject(ck_type type, int h, int w, int x0, int y0, int x1, int y1, float v, bool like_plate)
{
    ck_frame f = {0};
    ck_plane *p = add(&f, "hint", type, 1, h, w, "");
    ck_crop c = {-1, -1, -1, -1};
    ck_error e;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            size_t at = (size_t)y * (size_t)w + (size_t)x;
            if (type == CK_U8)
                ((unsigned char *)ck_plane_data(p))[at] = (unsigned char)(v * 255);
            else
                ((float *)ck_plane_data(p))[at] = v;
        }
    if (ck_crop_subject(p, H, W, like_plate, &c, &e) != CK_OK)
        c = (ck_crop){-2, -2, -2, -2};
    ck_frame_free(&f);
    return c;
}

static bool same(ck_crop c, int x, int y, int w, int h)
{
    return c.x == x && c.y == y && c.w == w && c.h == h;
}

/* The margin of a plate of 640 is 20, the grid 64. */
static void subjects(void)
{
    ok(same(subject(CK_U8, H, W, 212, 148, 236, 236, 1, false), 192, 128, 64, 128), "margin and grid: exactly on it");
    ok(same(subject(CK_U8, H, W, 211, 147, 237, 237, 1, false), 128, 64, 192, 256), "one pixel more: the next");
    ok(same(subject(CK_U8, H, W, 0, 470, 10, 480, 1, false), 0, 448, 64, 32), "corners: to the edge of the plate");
    ok(same(subject(CK_F32, H, W, 300, 200, 301, 201, 0.11f, false), 256, 128, 128, 128),
       "one faint pixel is a subject");
    ok(!subject(CK_F32, H, W, 300, 200, 310, 210, 0.1f, false).w, "a fainter one is not: the whole plate");
    ok(!subject(CK_F32, H, W, 0, 0, 0, 0, 1, false).w, "an empty hint: the whole plate");
    ok(same(subject(CK_F32, H, W, 300, 200, 301, 201, NAN, false), 256, 128, 128, 128),
       "a NaN is in the box, so that the network refuses it");
    ok(same(subject(CK_U8, H / 4, W / 4, 53, 37, 59, 59, 1, false), 192, 128, 64, 128), "a hint of a quarter's size");
    /* 20 rows above 300: 320 of 480 are two thirds. */
    ok(same(subject(CK_U8, H, W, 0, 0, W, 300, 1, false), 0, 0, 640, 320), "two thirds of the plate are a region");
    ok(!subject(CK_U8, H, W, 0, 0, W, 301, 1, false).w, "more is the whole plate");
    ok(same(subject(CK_U8, H, W, 212, 148, 236, 236, 1, true), 128, 128, 192, 128), "the plate's aspect: wider");
    ok(same(subject(CK_U8, H, W, 600, 148, 640, 236, 1, true), 448, 128, 192, 128), "at the right edge, to the left");
    ok(same(subject(CK_U8, H, W, 212, 20, 428, 44, 1, true), 192, 0, 256, 192), "and higher, at the top downwards");
    ck_frame f = {0};
    ck_crop c;
    ck_error e;
    ok(ck_crop_subject(add(&f, "hint", CK_U8, 3, 4, 4, ""), H, W, false, &c, &e) == CK_ERR_ARGUMENT,
       "a hint of three channels is refused: %s", e.text);
    ck_frame_free(&f);
}

/* ---- cut and paste ---- */

static float rgb_at(int k, int y, int x)
{
    return (float)(k * 7 + y * 3 + x) / 64 - 0.25f;
}

static void fill(ck_plane *p)
{
    for (int k = 0; k < p->c; k++)
        for (int y = 0; y < p->h; y++)
            for (int x = 0; x < p->w; x++)
                ((float *)ck_plane_data(p))[(k * p->h + y) * p->w + x] = rgb_at(k, y, x);
}

static bool is_region(const ck_plane *p, const ck_crop *c)
{
    for (int k = 0; k < p->c; k++)
        for (int y = 0; y < c->h; y++)
            for (int x = 0; x < c->w; x++)
                if (((const float *)p->data)[(k * c->h + y) * c->w + x] != rgb_at(k, c->y + y, c->x + x))
                    return false;
    return p->h == c->h && p->w == c->w;
}

/* The pasted sample expected: inside the region's, outside 0 or the plate as sRGB. */
static float expected(const ck_crop *c, bool fg, bool linear, int k, int y, int x)
{
    float v = fg ? rgb_at(k, y, x) : 0;
    if (y >= c->y && y < c->y + c->h && x >= c->x && x < c->x + c->w)
        return 2;
    if (fg && linear)
        ck_linear_to_srgb_mirrored(&v, &v, 1);
    return v;
}

static bool pasted(const ck_plane *p, const ck_crop *c, bool fg, bool linear)
{
    for (int k = 0; k < p->c; k++)
        for (int y = 0; y < p->h; y++)
            for (int x = 0; x < p->w; x++) {
                float v, want = expected(c, fg, linear, k, y, x);
                size_t at = ((size_t)k * (size_t)p->h + (size_t)y) * (size_t)p->w + (size_t)x;
                uint16_t half;
                ck_f32_to_f16(&want, &half, 1);
                ck_to_f32((const char *)p->data + at * p->elem, p->type, &v, 1);
                if (p->type == CK_F16)
                    ck_to_f32(&half, CK_F16, &want, 1);
                if (v != want)
                    return false;
            }
    return true;
}

static void add_result(ck_frame *f, const char *name, ck_type type, int c, int h, int w)
{
    ck_plane *p = add(f, name, type, c, h, w, "");
    for (size_t i = 0; i < p->bytes / p->elem; i++)
        if (type == CK_F16)
            ck_f32_to_f16((float[]){2}, (uint16_t *)ck_plane_data(p) + i, 1);
        else
            ((float *)ck_plane_data(p))[i] = 2;
}

static void there_and_back(const char *encoding, ck_type type, bool native)
{
    const ck_crop c = {3, 2, 9, 5};
    const char *what = native ? "native" : ck_type_name(type);
    bool linear = !strcmp(encoding, "linear");
    ck_frame f = {.seq = 7}, inside;
    ck_error e;
    fill(add(&f, "rgb", CK_F32, 3, 11, 17, encoding));
    fill(add(&f, "hint", CK_F32, 1, 11, 17, ""));
    add(&f, "alpha_logits", CK_F32, 1, 8, 8, "");
    add(&f, "key", CK_U8, 1, 4, 4, "");
    bool good = ck_meta_set(&f.meta, "screen", "blue", &e) == CK_OK && ck_crop_cut(&f, &c, &inside, &e) == CK_OK &&
                ck_crop_cut_plane(&f, &c, "hint", &inside, &e) == CK_OK &&
                ck_crop_cut_plane(&f, &c, "none", &inside, &e) == CK_OK;
    ok(good && is_region(ck_frame_plane(&inside, "rgb"), &c) && is_region(ck_frame_plane(&inside, "hint"), &c),
       "%s, %s: rgb and hint are cut", encoding, what);
    ok(inside.seq == 7 && !strcmp(ck_meta_get(&inside.meta, "screen"), "blue") &&
           ck_frame_plane(&inside, "alpha_logits")->data == ck_frame_plane(&f, "alpha_logits")->data &&
           !ck_frame_plane(&inside, "key"),
       "metadata and logits come along, the rest does not");
    ok(ck_crop_cut_plane(&f, &c, "key", &inside, &e) == CK_OK && ck_frame_plane(&inside, "key")->h == 5 &&
           ck_frame_plane(&inside, "key")->type == CK_F32,
       "a key of another size is resized and cut");
    ck_frame_remove(&inside, "alpha_logits");
    add_result(&inside, "alpha", type, 1, 5, 9);
    add_result(&inside, "fg", type, 3, 5, 9);
    good = ck_crop_paste(&inside, &c, native, &f, &e) == CK_OK;
    const ck_plane *alpha = ck_frame_plane(&f, "alpha"), *fg = ck_frame_plane(&f, "fg");
    if (native)
        ok(good && alpha->h == 5 && fg->w == 9, "native results stay as they are");
    else
        ok(good && alpha->h == 11 && pasted(alpha, &c, false, linear) && pasted(fg, &c, true, linear),
           "alpha is pasted into zeros, fg into the plate");
    ok(!ck_frame_plane(&f, "alpha_logits"), "logits that were used up are gone");
    ck_frame_free(&inside);
    ck_frame_free(&f);
}

/* ---- refine_map ---- */

static void map(void)
{
    const ck_crop c = {5, 0, 10, 10};
    ck_frame f = {0}, inside;
    ck_error e;
    add(&f, "rgb", CK_U8, 3, 10, 20, "srgb");
    ck_plane *p = add(&f, "refine_map", CK_F32, 1, 1, 6, "");
    ((float *)ck_plane_data(p))[3] = 0.5f; /* columns 10 to 13 1/3 of the plate: 10, 11, 12 and a part of 13 */
    bool good = ck_crop_cut(&f, &c, &inside, &e) == CK_OK && ck_crop_cut_map(&f, &c, &inside, &e) == CK_OK;
    const unsigned char *cut = ck_frame_plane(&inside, "refine_map")->data;
    bool right = true;
    for (int i = 0; i < 100; i++)
        right = right && cut[i] == (i % 10 >= 5 && i % 10 <= 8 ? 255 : 0);
    ok(good && right, "a map of the plate is cut to the region");
    p = add(&inside, "refine_map", CK_U8, 1, 1, 2, "");
    ((unsigned char *)ck_plane_data(p))[1] = 255;
    good = ck_crop_paste_map(&inside, &c, &f, &e) == CK_OK;
    p = ck_frame_plane(&f, "refine_map");
    for (int i = 0; good && i < 200; i++)
        right = right && ((const unsigned char *)p->data)[i] == (i % 20 >= 10 && i % 20 < 15 ? 255 : 0);
    ok(good && p->h == 10 && p->w == 20 && right, "a map of the region becomes one of the plate");
    ck_frame_free(&inside);
    ck_frame_free(&f);
}

int main(void)
{
    texts();
    metadata();
    subjects();
    there_and_back("srgb", CK_F32, false);
    there_and_back("linear", CK_F32, false);
    there_and_back("linear", CK_F16, false);
    there_and_back("srgb", CK_F32, true);
    map();
    return done_testing();
}
