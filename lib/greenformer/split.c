#include "greenformer/split.h"

#include <math.h>
#include <string.h>

#include "greenformer/input.h"
#include "image/convert.h"

#define CHANNELS 4 /* of the network's input, and of its logits */

/* One frame's work. */
typedef struct work {
    const ck_split *s;
    ck_network *net;
    float *picture;            /* [4][h][w]: normalised RGB, hint */
    float *tile;               /* [4][side][side]: the same of one tile */
    float *answer;             /* [4][side / 4][side / 4]: its logits */
    float *computed, *skipped; /* [h / 4][w / 4]: sums of weights */
    float *logits[CHANNELS];   /* [h / 4][w / 4] each */
} work;

static size_t pixels(int h, int w)
{
    return (size_t)h * (size_t)w;
}

static ck_status open_work(work *k, const ck_network_frame *f, ck_buffer **hold, ck_error *e)
{
    const ck_split *s = k->s;
    size_t all = pixels(s->h, s->w), one = pixels(s->y.side, s->x.side), part = CK_LOGIT_STRIDE * CK_LOGIT_STRIDE;
    size_t logits = all / part;
    *hold = ck_buffer_new((CHANNELS * (all + one + one / part) + 2 * logits) * sizeof(float));
    if (!*hold)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for tiles of a picture of %d x %d", s->w, s->h);
    k->picture = (*hold)->data;
    k->tile = k->picture + CHANNELS * all;
    k->answer = k->tile + CHANNELS * one;
    k->computed = k->answer + CHANNELS * one / part;
    k->skipped = k->computed + logits;
    memset(k->computed, 0, 2 * logits * sizeof(float));
    k->logits[0] = ck_plane_data(f->alpha_logits);
    for (size_t c = 1; c < CHANNELS; c++)
        k->logits[c] = (float *)ck_plane_data(f->fg_logits) + (c - 1) * logits;
    for (size_t c = 0; c < CHANNELS; c++)
        memset(k->logits[c], 0, logits * sizeof(float));
    return CK_OK;
}

static ck_status fill(const work *k, const ck_network_frame *f, ck_error *e)
{
    const ck_split *s = k->s;
    size_t colours = 3 * pixels(s->h, s->w);
    ck_status st = ck_input_rgb(f->rgb, s->h, s->w, k->picture, e);
    if (st == CK_OK && !ck_all_finite(k->picture, colours)) /* a skipped tile would hide it */
        st = ck_fail(e, CK_ERR_FORMAT,
                     "plane '%s' is not finite: look for NaN or infinite values in the frame (ck-info)", f->rgb->name);
    return st == CK_OK ? ck_input_hint(f->hint, s->h, s->w, k->picture + colours, e) : st;
}

/* ---- one tile ---- */

static bool empty(const work *k, int y0, int x0)
{
    const ck_split *s = k->s;
    const float *hint = k->picture + 3 * pixels(s->h, s->w);
    int y1 = y0 + s->y.side + CK_SPLIT_MARGIN, x1 = x0 + s->x.side + CK_SPLIT_MARGIN;
    y1 = y1 < s->h ? y1 : s->h;
    x1 = x1 < s->w ? x1 : s->w;
    y0 = y0 < CK_SPLIT_MARGIN ? 0 : y0 - CK_SPLIT_MARGIN;
    x0 = x0 < CK_SPLIT_MARGIN ? 0 : x0 - CK_SPLIT_MARGIN;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            if (hint[pixels(y, s->w) + (size_t)x] > CK_SPLIT_EMPTY)
                return false;
    return true;
}

static ck_status compute(const work *k, int y0, int x0, bool timed, ck_error *e)
{
    const ck_split *s = k->s;
    size_t row = (size_t)s->x.side, one = pixels(s->y.side, s->x.side);
    for (int c = 0; c < CHANNELS; c++)
        for (int y = 0; y < s->y.side; y++)
            memcpy(k->tile + (size_t)c * one + (size_t)y * row,
                   k->picture + (pixels(c, s->h) + (size_t)(y0 + y)) * (size_t)s->w + (size_t)x0, row * sizeof(float));
    ck_network_io io = {.rgb = k->tile,
                        .hint = k->tile + 3 * one,
                        .alpha_logits = k->answer,
                        .fg_logits = k->answer + one / (CK_LOGIT_STRIDE * CK_LOGIT_STRIDE)};
    return ck_network_run(k->net, &io, timed, e);
}

/* to += weights of tile (i, j) * from, or * 1 if `from` is NULL. */
static void add(const ck_split *s, int i, int j, const float *from, float *to)
{
    int h = s->y.side / CK_LOGIT_STRIDE, w = s->x.side / CK_LOGIT_STRIDE;
    const float *across = s->x.weight + pixels(j, w);
    to += pixels(s->y.at[i] / CK_LOGIT_STRIDE, s->w / CK_LOGIT_STRIDE) + (size_t)(s->x.at[j] / CK_LOGIT_STRIDE);
    for (int y = 0; y < h; y++, to += s->w / CK_LOGIT_STRIDE) {
        float down = s->y.weight[pixels(i, h) + (size_t)y];
        for (int x = 0; x < w; x++)
            to[x] += down * across[x] * (from ? from[pixels(y, w) + (size_t)x] : 1);
    }
}

/* *computed: +1 if it was not skipped. */
static ck_status make_tile(const work *k, int i, int j, bool timed, int *computed, ck_error *e)
{
    const ck_split *s = k->s;
    size_t one = pixels(s->y.side / CK_LOGIT_STRIDE, s->x.side / CK_LOGIT_STRIDE);
    if (empty(k, s->y.at[i], s->x.at[j])) {
        add(s, i, j, NULL, k->skipped);
        return CK_OK;
    }
    ck_status st = compute(k, s->y.at[i], s->x.at[j], timed, e);
    for (size_t c = 0; c < CHANNELS && st == CK_OK; c++)
        add(s, i, j, k->answer + c * one, k->logits[c]);
    if (st == CK_OK)
        add(s, i, j, NULL, k->computed);
    ++*computed;
    return st;
}

/* ---- where tiles were skipped ---- */

/* The plate's mean over the pixels of one logit, as a logit. */
static float plate_logit(const work *k, int c, int y, int x)
{
    const float *rgb = k->picture + (pixels(c, k->s->h) + pixels(y, CK_LOGIT_STRIDE)) * (size_t)k->s->w;
    float sum = 0;
    for (int v = 0; v < CK_LOGIT_STRIDE; v++)
        for (int u = 0; u < CK_LOGIT_STRIDE; u++)
            sum += rgb[pixels(v, k->s->w) + (size_t)(x * CK_LOGIT_STRIDE + u)];
    float p = sum / (CK_LOGIT_STRIDE * CK_LOGIT_STRIDE) * ck_input_deviation[c] + ck_input_mean[c];
    p = p < 1.0f / 256 ? 1.0f / 256 : p > 255.0f / 256 ? 255.0f / 256 : p;
    return logf(p / (1 - p));
}

/* The matte of weight `computed` faded to nothing, as a logit; in double, since e^-L exceeds float32 from L = -88. */
static float faded(float logit, float computed, float skipped)
{
    double c = (double)computed, s = (double)skipped;
    return (float)fmax((double)CK_SPLIT_NOTHING, log(c / (s + (c + s) * exp(-(double)logit))));
}

static void finish(const work *k)
{
    int h = k->s->h / CK_LOGIT_STRIDE, w = k->s->w / CK_LOGIT_STRIDE;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            size_t i = pixels(y, w) + (size_t)x;
            float part = k->computed[i];
            if (k->skipped[i] <= 0)
                continue;
            k->logits[0][i] = part > 0 ? faded(k->logits[0][i] / part, part, k->skipped[i]) : CK_SPLIT_NOTHING;
            for (int c = 1; c < CHANNELS; c++)
                k->logits[c][i] = part > 0 ? k->logits[c][i] / part : plate_logit(k, c - 1, y, x);
        }
}

/* ---- a frame ---- */

static ck_status make_logits(const ck_split *s, ck_network *tiles, const ck_network_frame *f, bool timed, int *computed,
                             ck_error *e)
{
    work k = {.s = s, .net = tiles};
    ck_buffer *hold = NULL;
    ck_status st = open_work(&k, f, &hold, e);
    if (st == CK_OK)
        st = fill(&k, f, e);
    for (int i = 0; i < s->y.n && st == CK_OK; i++)
        for (int j = 0; j < s->x.n && st == CK_OK; j++)
            st = make_tile(&k, i, j, timed, computed, e);
    if (st == CK_OK)
        finish(&k);
    ck_buffer_unref(hold);
    return st;
}

ck_status ck_split_run(const ck_split *s, ck_network *tiles, ck_network *refiner, const ck_network_frame *f, bool timed,
                       int *computed, ck_error *e)
{
    ck_frame made = {0};
    ck_network_frame half = *f;
    ck_plane *p;
    ck_status st = CK_OK;
    int h = s->h / CK_LOGIT_STRIDE, w = s->w / CK_LOGIT_STRIDE;
    *computed = 0;
    if (refiner) {
        st = ck_frame_add(&made, "alpha_logits", CK_F32, 1, h, w, "", &p, e);
        if (st == CK_OK)
            st = ck_frame_add(&made, "fg_logits", CK_F32, 3, h, w, "", &p, e);
        half.alpha_logits = ck_frame_plane(&made, "alpha_logits");
        half.fg_logits = ck_frame_plane(&made, "fg_logits");
    }
    if (st == CK_OK)
        st = make_logits(s, tiles, &half, timed, computed, e);
    if (st == CK_OK && refiner)
        st = ck_network_run_frame(refiner, &half, timed, e);
    ck_frame_free(&made);
    return st;
}
