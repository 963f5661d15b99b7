/* Detail that a hint adds to a matte smaller than the plate (greenformer/detail.h). */
#include <math.h>
#include <string.h>

#include "image/convert.h"
#include "image/resample.h"
#include "greenformer/detail.h"
#include "tap.h"

enum { H = 90, W = 150, NH = 32, NW = 64 };

static float hint[H * W], seen[H * W], alpha[H * W];

static ck_plane plane(void *data, ck_type type)
{
    static ck_buffer buffers[8];
    static int n;
    ck_buffer *b = &buffers[n++ % 8]; /* two are in use at once */
    *b = (ck_buffer){.data = data, .refs = 1};
    return (ck_plane){
        .name = "x", .type = type, .c = 1, .h = H, .w = W, .elem = type == CK_F16 ? 2 : 4, .data = data, .buf = b};
}

/* Draw strands one pixel wide, a disc, and a half covered area. */
static void draw(void)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            double d = hypot(y - 45, x - 50);
            hint[y * W + x] = d < 25 ? 1 : d < 40 && (x + 2 * y) % 7 == 0 ? 0.8f : x > 120 ? 0.4f : 0;
        }
}

/* A network that believes the hint, computed from the header's description. */
static void believe(bool coarse)
{
    static float net[NH * NW], logits[NH * NW / 16];
    ck_error e;
    bool good = ck_resample(hint, 1, H, W, net, NH, NW, CK_BILINEAR_AA, &e) == CK_OK;
    for (int y = 0; y < NH / 4; y++)
        for (int x = 0; x < NW / 4; x++) {
            double sum = 0;
            for (int k = 0; k < 16; k++)
                sum += (double)net[(4 * y + k / 4) * NW + 4 * x + k % 4];
            double p = fmin(fmax(sum / 16, 1.0 / 256), 255.0 / 256);
            logits[y * NW / 4 + x] = (float)log(p / (1 - p));
        }
    if (coarse) {
        good = good && ck_resample(logits, 1, NH / 4, NW / 4, net, NH, NW, CK_BILINEAR, &e) == CK_OK;
        for (int i = 0; i < NH * NW; i++)
            net[i] = (float)(1 / (1 + exp(-(double)net[i])));
    }
    good = good && ck_resample(net, 1, NH, NW, seen, H, W, CK_LANCZOS4, &e) == CK_OK;
    if (!good)
        ok(false, "the hint is seen");
}

/* Largest difference from `to` after the detail is added to alpha. */
static double added(bool coarse, ck_type type, const float *to)
{
    static uint16_t half[H * W];
    static float wide[H * W];
    ck_error e;
    ck_plane of_hint = plane(hint, CK_F32), p = plane(type == CK_F16 ? (void *)half : (void *)wide, type);
    memcpy(wide, alpha, sizeof wide);
    if (type == CK_F16)
        ck_f32_to_f16(alpha, half, H * W);
    if (ck_detail_add(&of_hint, NH, NW, coarse, &p, &e) != CK_OK)
        return INFINITY;
    if (type == CK_F16)
        ck_to_f32(half, CK_F16, wide, H * W);
    double worst = 0;
    for (int i = 0; i < H * W; i++)
        worst = worse(worst, fabs((double)wide[i] - (double)to[i]));
    return worst;
}

int main(void)
{
    static float other[H * W], part[H * W];
    draw();
    for (int coarse = 0; coarse < 2; coarse++) {
        believe(coarse);
        double blurred = 0;
        for (int i = 0; i < H * W; i++)
            blurred = worse(blurred, fabs((double)seen[i] - (double)hint[i]));
        ok(blurred > 0.3, "a network of %d x %d alone loses the strands (%.2f)", NW, NH, blurred);
        /* The matte of such a network becomes the hint, up to the rounding of logits, exp and eight Lanczos taps of
         * values up to 6. */
        memcpy(alpha, seen, sizeof alpha);
        double off = added(coarse, CK_F32, hint);
        ok(off < 64 * 0x1p-23, "scale %s: a network that agrees gets the hint back (off by %.1e)", coarse ? "0" : "1",
           off);
        /* f16 has 11 bits: half a step on input and half a step on output, of values up to 1. */
        off = added(coarse, CK_F16, hint);
        ok(off < 2 * 0x1p-12 * 1.5, "also in float16 (off by %.1e)", off);

        for (int i = 0; i < H * W; i++) {
            alpha[i] = seen[i] > 0.5f ? seen[i] - 0.75f : seen[i] + 0.75f;
            other[i] = fminf(fmaxf(alpha[i], 0), 1);
        }
        off = added(coarse, CK_F32, other);
        ok(off < 64 * 0x1p-23, "one that is sure of something else is left alone (off by %.1e)", off);

        for (int i = 0; i < H * W; i++) {
            alpha[i] = seen[i] > 0.5f ? seen[i] - 0.5f : seen[i] + 0.5f;
            part[i] = fminf(fmaxf(alpha[i] + 0.5f * (hint[i] - seen[i]), 0), 1);
        }
        off = added(coarse, CK_F32, part);
        ok(off < 64 * 0x1p-23, "half way between, half of the detail is added (off by %.1e)", off);
    }
    ck_error e;
    ck_plane bad = plane(hint, CK_F32), p = plane(alpha, CK_F32);
    bad.type = CK_OTHER;
    ok(ck_detail_add(&bad, NH, NW, true, &p, &e) == CK_ERR_ARGUMENT, "a hint of a strange type is refused");
    return done_testing();
}
