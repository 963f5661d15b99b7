/* Rows in blocks that stay in the L1 cache:
 *
 *     fg -> float -> despill -> linear -> * alpha -> processed
 *                                                 -> + background (1 - alpha) -> sRGB -> comp */
#include "image/post.h"

#include <string.h>

#include "base/clones.h"
#include "image/colour.h"
#include "image/convert.h"

#define BLOCK 256

#define CHECKER_BITS 7 /* log2 of the squares' side: 128 px */
static const float checker_srgb[2] = {0.15f, 0.55f};

typedef struct frame {
    const ck_post_options *o;
    const float *alpha;
    const uint8_t *fg;
    uint8_t *processed, *comp;
    ck_type fg_type, processed_type;
    size_t plane;           /* samples of one channel */
    float checker[2];       /* linear, or codes */
    float checker_codes[2]; /* as the composite has them */
} frame;

CK_CLONES
static void multiply(float *restrict x, const float *restrict a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= a[i];
}

/* Samples of the checkerboard from column `left` of row `y` on. */
CK_CLONES
static void draw_squares(const float *squares, int left, int y, float *restrict out, int n)
{
    float even = squares[0], odd = squares[1];
    for (int i = 0; i < n; i++) {
        int which = ((left + i) >> CHECKER_BITS ^ y >> CHECKER_BITS) & 1;
        out[i] = which ? odd : even;
    }
}

/* x += under * (1 - a) */
CK_CLONES
static void lay_over(float *restrict x, const float *restrict a, const float *restrict under, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] += under[i] * (1.0f - a[i]);
}

/* Load n samples of one channel of the background from sample i on. */
static void load_background(const frame *f, size_t i, float *out, size_t n)
{
    const ck_plane *p = f->o->background;
    ck_to_f32((const uint8_t *)p->data + i * p->elem, p->type, out, n);
    if (!f->o->codes && strcmp(p->encoding, "linear") != 0)
        ck_srgb_to_linear(out, out, n);
}

static void store(const frame *f, int channel, size_t at, const float *x, size_t n)
{
    size_t i = (size_t)channel * f->plane + at;
    if (f->processed_type == CK_F16)
        ck_f32_to_f16(x, (uint16_t *)f->processed + i, n);
    else
        memcpy((float *)f->processed + i, x, n * sizeof *x);
}

#define KNEE 0.75f

CK_CLONES
void ck_tone_map(float *restrict r, float *restrict g, float *restrict b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float m = r[i] > g[i] ? r[i] : g[i];
        m = m > b[i] ? m : b[i];
        float over = m > KNEE ? m : KNEE, t = (over - KNEE) / (1 - KNEE);
        float factor = (KNEE + (1 - KNEE) * t / (1 + t)) / over;
        r[i] *= factor;
        g[i] *= factor;
        b[i] *= factor;
    }
}

/* comp from premultiplied linear light. */
static void composite(const frame *f, float rgb[3][BLOCK], const float *a, int x, int y, size_t at, size_t n)
{
    float under[BLOCK];
    if (!f->o->background)
        draw_squares(f->checker, x, y, under, (int)n);
    for (size_t c = 0; c < 3; c++) {
        if (f->o->background)
            load_background(f, c * f->plane + at, under, n);
        lay_over(rgb[c], a, under, n);
    }
    if (f->o->view)
        f->o->view(f->o->viewed, rgb[0], rgb[1], rgb[2], n);
    else if (f->o->tone_map)
        ck_tone_map(rgb[0], rgb[1], rgb[2], n);
    for (size_t c = 0; c < 3; c++)
        (f->o->codes || f->o->view ? ck_f32_to_u8_trunc : ck_linear_to_srgb8)(rgb[c], f->comp + c * f->plane + at, n);
}

static bool uncovered(const float *a, size_t n)
{
    float most = 0;
    for (size_t i = 0; i < n; i++)
        most = a[i] != 0 ? 1 : most;
    return most == 0;
}

/* n pixels whose alpha is 0: nothing, over the background, as `block` makes it of any finite foreground. */
static void empty_block(const frame *f, int x, int y, size_t at, size_t n)
{
    size_t elem = ck_type_size(f->processed_type);
    for (size_t c = 0; c < 4; c++)
        memset(f->processed + (c * f->plane + at) * elem, 0, n * elem);
    if (!f->comp)
        return;
    float rgb[3][BLOCK] = {{0}}, flat[BLOCK] = {0};
    if (f->o->background || f->o->view) {
        composite(f, rgb, flat, x, y, at, n);
        return;
    }
    draw_squares(f->checker_codes, x, y, flat, (int)n);
    for (size_t c = 0; c < 3; c++)
        ck_f32_to_u8_trunc(flat, f->comp + c * f->plane + at, n);
}

/* n pixels from column x of row y, which is sample `at` of its channel. */
static void block(const frame *f, int x, int y, size_t at, size_t n)
{
    float rgb[3][BLOCK];
    const float *a = f->alpha + at;
    for (size_t c = 0; c < 3; c++)
        ck_to_f32(f->fg + (c * f->plane + at) * ck_type_size(f->fg_type), f->fg_type, rgb[c], n);
    ck_despill(rgb[0], BLOCK, n, f->o->blue, f->o->mode, f->o->despill);
    for (int c = 0; c < 3; c++) {
        if (!f->o->codes)
            (f->o->mirrored ? ck_srgb_to_linear_mirrored : ck_srgb_to_linear)(rgb[c], rgb[c], n);
        multiply(rgb[c], a, n);
        store(f, c, at, rgb[c], n);
    }
    store(f, 3, at, a, n);
    if (f->comp)
        composite(f, rgb, a, x, y, at, n);
}

void ck_post_frame(const ck_post_options *o, const float *alpha, const void *fg, ck_type fg_type, int h, int w,
                   void *processed, ck_type processed_type, uint8_t *comp)
{
    frame f = {.o = o,
               .alpha = alpha,
               .fg = fg,
               .processed = processed,
               .comp = comp,
               .fg_type = fg_type,
               .processed_type = processed_type,
               .plane = (size_t)h * (size_t)w};
    memcpy(f.checker, checker_srgb, sizeof checker_srgb);
    if (!o->codes)
        ck_srgb_to_linear(checker_srgb, f.checker, 2);
    memcpy(f.checker_codes, f.checker, sizeof f.checker);
    if (!o->codes)
        ck_linear_to_srgb(f.checker, f.checker_codes, 2);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x += BLOCK) {
            size_t at = (size_t)y * (size_t)w + (size_t)x, n = (size_t)(w - x < BLOCK ? w - x : BLOCK);
            if (uncovered(alpha + at, n))
                empty_block(&f, x, y, at, n);
            else
                block(&f, x, y, at, n);
        }
}
