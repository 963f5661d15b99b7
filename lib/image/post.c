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

/* Samples of one channel. */
static size_t plane(const ck_post_job *j)
{
    return (size_t)j->h * (size_t)j->w;
}

/* Load n samples of one channel of the background from sample i on. */
static void load_background(const ck_post_job *j, size_t i, float *out, size_t n)
{
    const ck_plane *p = j->o->background;
    ck_to_f32((const uint8_t *)p->data + i * p->elem, p->type, out, n);
    if (!j->o->codes && strcmp(p->encoding, "linear") != 0)
        ck_srgb_to_linear(out, out, n);
}

static void store(const ck_post_job *j, int channel, size_t at, const float *x, size_t n)
{
    size_t i = (size_t)channel * plane(j) + at;
    if (j->processed_type == CK_F16)
        ck_f32_to_f16(x, (uint16_t *)j->processed + i, n);
    else
        memcpy((float *)j->processed + i, x, n * sizeof *x);
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
static void composite(const ck_post_job *j, float rgb[3][BLOCK], const float *a, int x, int y, size_t at, size_t n)
{
    float under[BLOCK];
    if (!j->o->background)
        draw_squares(j->checker, x, y, under, (int)n);
    for (size_t c = 0; c < 3; c++) {
        if (j->o->background)
            load_background(j, c * plane(j) + at, under, n);
        lay_over(rgb[c], a, under, n);
    }
    if (j->o->view)
        j->o->view(j->o->viewed, rgb[0], rgb[1], rgb[2], n);
    else if (j->o->tone_map)
        ck_tone_map(rgb[0], rgb[1], rgb[2], n);
    for (size_t c = 0; c < 3; c++)
        (j->o->codes || j->o->view ? ck_f32_to_u8_trunc : ck_linear_to_srgb8)(rgb[c], j->comp + c * plane(j) + at, n);
}

static bool uncovered(const float *a, size_t n)
{
    float most = 0;
    for (size_t i = 0; i < n; i++)
        most = a[i] != 0 ? 1 : most;
    return most == 0;
}

/* n pixels whose alpha is 0: nothing, over the background, as `block` makes it of any finite foreground. */
static void empty_block(const ck_post_job *j, int x, int y, size_t at, size_t n)
{
    size_t elem = ck_type_size(j->processed_type);
    for (size_t c = 0; c < 4; c++)
        memset(j->processed + (c * plane(j) + at) * elem, 0, n * elem);
    if (!j->comp)
        return;
    float rgb[3][BLOCK] = {{0}}, flat[BLOCK] = {0};
    if (j->o->background || j->o->view) {
        composite(j, rgb, flat, x, y, at, n);
        return;
    }
    draw_squares(j->checker_codes, x, y, flat, (int)n);
    for (size_t c = 0; c < 3; c++)
        ck_f32_to_u8_trunc(flat, j->comp + c * plane(j) + at, n);
}

/* n pixels from column x of row y, which is sample `at` of its channel. */
static void block(const ck_post_job *j, int x, int y, size_t at, size_t n, const void *const fg[3], ck_type fg_type)
{
    float rgb[3][BLOCK];
    const float *a = j->alpha + at;
    for (size_t c = 0; c < 3; c++)
        ck_to_f32((const uint8_t *)fg[c] + (size_t)x * ck_type_size(fg_type), fg_type, rgb[c], n);
    ck_despill(rgb[0], BLOCK, n, j->o->blue, j->o->mode, j->o->despill);
    for (int c = 0; c < 3; c++) {
        if (!j->o->codes)
            (j->o->mirrored ? ck_srgb_to_linear_mirrored : ck_srgb_to_linear)(rgb[c], rgb[c], n);
        multiply(rgb[c], a, n);
        store(j, c, at, rgb[c], n);
    }
    store(j, 3, at, a, n);
    if (j->comp)
        composite(j, rgb, a, x, y, at, n);
}

void ck_post_begin(ck_post_job *j)
{
    memcpy(j->checker, checker_srgb, sizeof checker_srgb);
    if (!j->o->codes)
        ck_srgb_to_linear(checker_srgb, j->checker, 2);
    memcpy(j->checker_codes, j->checker, sizeof j->checker);
    if (!j->o->codes)
        ck_linear_to_srgb(j->checker, j->checker_codes, 2);
}

void ck_post_row(const ck_post_job *j, int y, const void *const fg[3], ck_type fg_type)
{
    for (int x = 0; x < j->w; x += BLOCK) {
        size_t at = (size_t)y * (size_t)j->w + (size_t)x, n = (size_t)(j->w - x < BLOCK ? j->w - x : BLOCK);
        if (uncovered(j->alpha + at, n))
            empty_block(j, x, y, at, n);
        else
            block(j, x, y, at, n, fg, fg_type);
    }
}

void ck_post_frame(const ck_post_options *o, const float *alpha, const void *fg, ck_type fg_type, int h, int w,
                   void *processed, ck_type processed_type, uint8_t *comp)
{
    ck_post_job j = {
        .o = o, .alpha = alpha, .processed = processed, .processed_type = processed_type, .comp = comp, .h = h, .w = w};
    size_t row = (size_t)w * ck_type_size(fg_type);
    ck_post_begin(&j);
    for (int y = 0; y < h; y++) {
        const void *rows[3];
        for (size_t c = 0; c < 3; c++)
            rows[c] = (const uint8_t *)fg + (c * (size_t)h + (size_t)y) * row;
        ck_post_row(&j, y, rows, fg_type);
    }
}
