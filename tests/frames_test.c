/* Frames from planes to planes: results equal the operations run one after the other on the host, for any device, size
 * and type; several frames at once; with failures in between.
 *
 *     frames_test [DEVICE [PART...]]        cpu, all parts but the last, which is for emulated devices
 *
 * Parts: slots, frames, several (at once, in rings, in halves), memory (allocation failures).  tests/cuda_network.t
 * runs them with several orders of queued work. */
#include <pthread.h>
#include <unistd.h>

#include "guard.h"
#include "image/axis.h"
#include "image/convert.h"
#include "image/resample.h"
#include "mkmodel.h"
#include "greenformer/input.h"
#include "greenformer/network.h"
#include "nn/frames.h"
#include "nn_op.h"
#include "stream/lease.h"

static const mk_spec small = {
    .embed = 8, .heads = 1, .depth = {1, 1, 1, 1}, .decoder = 8, .refiner = 8, .size = 32, .seed = 3};

#define SIDE 32

static const char *device;
static ck_error e;

static void die(const char *why)
{
    printf("Bail out! %s\n", why);
    exit(1);
}

/* ---- planes ---- */

static ck_plane plane_new(ck_type t, const char *encoding, int c, int h, int w)
{
    ck_plane p = {.type = t, .elem = (uint32_t)ck_type_size(t), .c = c, .h = h, .w = w};
    snprintf(p.name, sizeof p.name, "plane");
    snprintf(p.type_name, sizeof p.type_name, "%s", ck_type_name(t));
    snprintf(p.encoding, sizeof p.encoding, "%s", encoding);
    p.bytes = (size_t)c * (size_t)h * (size_t)w * p.elem;
    p.buf = ck_buffer_new(p.bytes);
    p.data = p.buf->data;
    memset(p.buf->data, 0xcd, p.bytes);
    return p;
}

/* Random floats up to 1.5, beyond the displayable range. */
static ck_plane random_plane(ck_type t, const char *encoding, int c, int h, int w, uint32_t seed)
{
    ck_plane p = plane_new(t, encoding, c, h, w);
    for (size_t i = 0; i < p.bytes / p.elem; i++) {
        float v = rnd_float(&seed, -0.1f, 1.5f);
        if (t == CK_F32)
            ((float *)p.buf->data)[i] = v;
        else if (t == CK_F16)
            ck_f32_to_f16(&v, (uint16_t *)p.buf->data + i, 1);
        else if (t == CK_U16)
            ((uint16_t *)p.buf->data)[i] = (uint16_t)rnd_int(&seed, 0, 65535);
        else
            ((uint8_t *)p.buf->data)[i] = (uint8_t)rnd_int(&seed, 0, 255);
    }
    return p;
}

static bool same(const ck_plane *a, const ck_plane *b)
{
    return a->bytes == b->bytes && !memcmp(a->data, b->data, a->bytes);
}

/* ---- a plane in, a plane out, through the device's slots only ---- */

static const ck_nn_sample samples[] = {
    [CK_U8] = CK_NN_SAMPLE_U8, [CK_U16] = CK_NN_SAMPLE_U16, [CK_F16] = CK_NN_SAMPLE_F16, [CK_F32] = CK_NN_SAMPLE_F32};

static ck_axis axes[8];
static int n_axes;

static ck_nn_axis axis(int in, int out, ck_filter f, bool across)
{
    ck_axis *a = &axes[n_axes++];
    op_need(ck_axis_new(a, in, out, f, across, false, &e), &e);
    return (ck_nn_axis){in, out, a->taps, !across && f == CK_LANCZOS4, a->first, a->count, a->weight};
}

static void free_axes(void)
{
    while (n_axes)
        ck_axis_free(&axes[--n_axes]);
}

/* In by CK_BILINEAR_AA, out by CK_LANCZOS4. */
static ck_nn_move move(const ck_plane *p, ck_nn_tensor t, ck_filter f)
{
    bool in = f == CK_BILINEAR_AA;
    return (ck_nn_move){.tensor = t,
                        .data = ck_plane_data(p),
                        .type = samples[p->type],
                        .h = p->h,
                        .w = p->w,
                        .x = axis(in ? p->w : t.w, in ? t.w : p->w, f, true),
                        .y = axis(in ? p->h : t.h, in ? t.h : p->h, f, false)};
}

/* *finite: the frame's tensors were. */
static void pass(ck_nn *dev, int slot, const ck_nn_move *in, const ck_nn_move *out, bool *finite)
{
    const struct ck_nn_frames *f = dev->ops->frames;
    op_need(f->fetch(dev, slot, in, in ? 1 : 0, out, out ? 1 : 0, &e), &e);
    op_need(f->make(dev, slot, &e), &e);
    f->deliver(dev, slot, in ? &in->tensor : NULL, in ? 1 : 0);
    op_need(f->wait(dev, slot, finite, &e), &e);
}

static ck_nn_tensor on_device(ck_nn *dev, int c, int h, int w)
{
    ck_nn_tensor t = {.type = CK_NN_F32, .planar = true, .h = h, .w = w, .c = c, .ld = c, .id = -1};
    op_need(dev->ops->reserve(dev, ck_nn_pixels(&t) * (size_t)c * sizeof(float), &t.data, &e), &e);
    return t;
}

static float *fetched(ck_nn *dev, const ck_nn_tensor *t)
{
    float *p = malloc(ck_nn_pixels(t) * (size_t)t->c * sizeof *p);
    dev->ops->download(dev, t, p);
    op_need(dev->ops->sync(dev, &e), &e);
    return p;
}

/* Largest difference relative to the bound.  to_srgb(x) = 1.055 x^(1/2.4) - 0.055 from powers within 4 ULP (CUDA's
 * powf) and 0.5005 ULP (image/colour.h): 4.6 * 2^-23 (y + 0.055).  Plus a rounding on each side of product, difference,
 * subtraction and quotient.  In all 4 * 2^-23 (y + 1), divided by the deviation. */
static double from_light(const float *got, const float *want, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < 3 * n; i++) {
        double deviation = (double)ck_input_deviation[i / n], y = fabs((double)want[i]) * deviation + 0.5;
        double d = fabs((double)got[i] - (double)want[i]) / (9 * ldexp(1, -23) * (y + 1) / deviation);
        worst = d > worst || isnan(d) ? d : worst;
    }
    return worst;
}

static void plane_in(ck_nn *dev, ck_type t, int h, int w, int th, int tw)
{
    size_t n = (size_t)th * (size_t)tw;
    float *want = malloc(3 * n * sizeof *want);
    ck_nn_tensor to = on_device(dev, 3, th, tw);
    bool finite = false;
    for (int linear = 0; linear < 2; linear++) {
        ck_plane p = random_plane(t, linear ? "linear" : "srgb", 3, h, w, (uint32_t)(h * w));
        ck_nn_move m = move(&p, to, CK_BILINEAR_AA);
        m.linear = linear;
        m.mean = ck_input_mean;
        m.deviation = ck_input_deviation;
        pass(dev, linear, &m, NULL, &finite);
        float *got = fetched(dev, &to);
        op_need(ck_input_rgb(&p, th, tw, want, &e), &e);
        if (linear) {
            double d = from_light(got, want, n);
            ok(d <= 1 && finite, "%s, linear, %dx%d to %dx%d: %.2f of the bound", ck_type_name(t), w, h, tw, th, d);
        } else
            ok(!memcmp(got, want, 3 * n * sizeof *got) && finite, "%s %dx%d to %dx%d: the host's bytes",
               ck_type_name(t), w, h, tw, th);
        free(got);
        free_axes();
        ck_buffer_unref(p.buf);
    }
    free(want);
    dev->ops->release(dev, to.data);
}

static void plane_out(ck_nn *dev, ck_type t, int h, int w, int ph, int pw)
{
    ck_plane from = random_plane(CK_F32, "", 2, h, w, (uint32_t)(h + w)), got = plane_new(t, "", 2, ph, pw);
    ck_plane want = plane_new(t, "", 2, ph, pw);
    float *wide = malloc(sizeof(float) * 2 * (size_t)ph * (size_t)pw);
    ck_nn_tensor tensor = on_device(dev, 2, h, w);
    ck_nn_move in = move(&from, tensor, CK_BILINEAR_AA), out = move(&got, tensor, CK_LANCZOS4);
    bool finite;
    pass(dev, 0, &in, &out, &finite);
    op_need(ck_resample(from.data, 2, h, w, wide, ph, pw, CK_LANCZOS4, &e), &e);
    if (t == CK_F32)
        memcpy(want.buf->data, wide, want.bytes);
    else
        ck_f32_to_f16(wide, want.buf->data, want.bytes / 2);
    ok(same(&got, &want), "%dx%d to %s %dx%d by Lanczos: the host's bytes", w, h, ck_type_name(t), pw, ph);
    free(wide);
    free_axes();
    dev->ops->release(dev, tensor.data);
    ck_buffer_unref(from.buf);
    ck_buffer_unref(got.buf);
    ck_buffer_unref(want.buf);
}

static void not_finite(ck_nn *dev)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    ck_nn_tensor t = on_device(dev, 1, 97, 131);
    int noticed = 0, more = 0;
    bool finite;
    for (size_t i = 0; i < 12; i++) {
        ck_plane p = random_plane(CK_F32, "", 1, 97, 131, 9);
        ck_nn_move m = move(&p, t, CK_BILINEAR_AA);
        size_t at = i % 4 == 0 ? 0 : i % 4 == 1 ? 97 * 131 - 1 : 1009 * i;
        ((float *)p.buf->data)[at] = bad[i % 3];
        pass(dev, (int)(i % 2), &m, NULL, &finite);
        noticed += !finite;
        ((float *)p.buf->data)[at] = 3e38f; /* large but finite */
        pass(dev, (int)(i % 2), &m, NULL, &finite);
        more += finite;
        free_axes();
        ck_buffer_unref(p.buf);
    }
    ok(noticed == 12 && more == 12, "NaN and infinities are noticed wherever they are, and only they");
    dev->ops->release(dev, t.data);
}

/* The ring between two programs is seen by each device of one of them. */
static void pinned_by_two(void)
{
    ck_nn *one = op_open(device, 1), *two;
    void *p = aligned_alloc(4096, 8192);
    if (ck_nn_open("cuda:1", 1, &two, &e) != CK_OK) {
        skip("there is no second device", "memory pinned by two devices");
    } else {
        bool a = one->ops->frames->pin(one, p, 8192, false), b = two->ops->frames->pin(two, p, 8192, false);
        ok(a == b, "memory is pinned for two devices, or for none: %d", a);
        if (a)
            one->ops->frames->unpin(one, p);
        bool again = a && one->ops->frames->pin(one, p, 8192, false);
        ok(again == a, "and for the first again while the second has it");
        for (int i = 0; i < 2 && a; i++)
            one->ops->frames->unpin(i ? two : one, p);
        ok(!a || (one->ops->frames->pin(one, p, 4096, false) && !two->ops->frames->pin(two, p, 8192, false)),
           "then less of it, which is not all of it");
        if (a)
            one->ops->frames->unpin(one, p);
        ck_nn_close(two);
    }
    free(p);
    ck_nn_close(one);
}

static void slots_alone(void)
{
    static const ck_type types[] = {CK_U8, CK_U16, CK_F16, CK_F32};
    ck_nn *dev = op_open(device, 1);
    if (!dev->ops->frames) {
        skip("its memory is the host's", "%s: slots", device);
        ck_nn_close(dev);
        return;
    }
    for (size_t i = 0; i < 4; i++) {
        plane_in(dev, types[i], 37, 61, 37, 61);
        plane_in(dev, types[i], 107, 83, 64, 32);
        plane_in(dev, types[i], 19, 31, 33, 64);
        plane_in(dev, types[i], 32, 57, 32, 32);
        plane_in(dev, types[i], 1, 300, 32, 32);
    }
    for (int i = 2; i < 4; i++) {
        plane_out(dev, types[i], 64, 32, 64, 32);
        plane_out(dev, types[i], 64, 64, 101, 77);
        plane_out(dev, types[i], 64, 32, 33, 32);
        plane_out(dev, types[i], 32, 96, 1, 211);
    }
    not_finite(dev);
    ck_nn_close(dev);
    pinned_by_two();
}

/* ---- whole frames ---- */

static blob bytes;
static ck_weights *weights;
static ck_spec table;

static ck_status try_network(bool infer, bool refine, ck_network **n)
{
    ck_network_options o = {
        .device = device, .infer = infer, .refine = refine, .scale = 1, .threads = 1, .without = ""};
    return ck_network_open(weights, &table.sizes, &o, n, &e);
}

static ck_network *open_network(bool infer, bool refine)
{
    ck_network *n;
    if (try_network(infer, refine, &n) != CK_OK)
        die(e.text);
    return n;
}

typedef struct set {
    ck_plane rgb, hint, alpha_logits, fg_logits, alpha, fg;
} set;

static set set_new(ck_type in, const char *encoding, ck_type out, int h, int w, uint32_t seed)
{
    return (set){random_plane(in, encoding, 3, h, w, seed),
                 random_plane(in, "", 1, h / 2, w, seed + 1),
                 plane_new(CK_F32, "", 1, SIDE / 4, SIDE / 4),
                 plane_new(CK_F32, "", 3, SIDE / 4, SIDE / 4),
                 plane_new(out, "", 1, h, w),
                 plane_new(out, "srgb", 3, h, w)};
}

static void set_free(set *s)
{
    ck_plane *all[] = {&s->rgb, &s->hint, &s->alpha_logits, &s->fg_logits, &s->alpha, &s->fg};
    for (size_t i = 0; i < 6; i++)
        ck_buffer_unref(all[i]->buf);
}

static ck_network_frame frame_of(set *s)
{
    return (ck_network_frame){.rgb = &s->rgb,
                              .hint = &s->hint,
                              .alpha_logits = &s->alpha_logits,
                              .fg_logits = &s->fg_logits,
                              .alpha = &s->alpha,
                              .fg = &s->fg};
}

static bool same_results(const set *a, const set *b)
{
    return same(&a->alpha_logits, &b->alpha_logits) && same(&a->fg_logits, &b->fg_logits) &&
           same(&a->alpha, &b->alpha) && same(&a->fg, &b->fg);
}

/* The operations of MODEL.md, one after the other. */
static void by_hand(ck_network *n, set *s)
{
    enum { N = SIDE * SIDE };
    static float in[4 * N], out[4 * N];
    ck_network_io io = {.rgb = in,
                        .hint = in + 3 * N,
                        .alpha_logits = s->alpha_logits.buf->data,
                        .fg_logits = s->fg_logits.buf->data,
                        .alpha = out,
                        .fg = out + N};
    op_need(ck_input_rgb(&s->rgb, SIDE, SIDE, in, &e), &e);
    op_need(ck_input_hint(&s->hint, SIDE, SIDE, in + 3 * N, &e), &e);
    op_need(ck_network_run(n, &io, false, &e), &e);
    size_t pixels = (size_t)s->alpha.h * (size_t)s->alpha.w;
    float *wide = malloc(4 * pixels * sizeof *wide);
    op_need(ck_resample(out, 4, SIDE, SIDE, wide, s->alpha.h, s->alpha.w, CK_LANCZOS4, &e), &e);
    if (s->alpha.type == CK_F16) {
        ck_f32_to_f16(wide, s->alpha.buf->data, pixels);
        ck_f32_to_f16(wide + pixels, s->fg.buf->data, 3 * pixels);
    } else {
        memcpy(s->alpha.buf->data, wide, s->alpha.bytes);
        memcpy(s->fg.buf->data, wide + pixels, s->fg.bytes);
    }
    free(wide);
}

static void like_by_hand(void)
{
    static const ck_type types[] = {CK_U8, CK_U16, CK_F16, CK_F32};
    ck_network *n = open_network(true, true);
    for (size_t i = 0; i < 4; i++) {
        ck_type out = i % 2 ? CK_F16 : CK_F32;
        int h = 50 + 27 * (int)i, w = 131 - 20 * (int)i;
        set a = set_new(types[i], "srgb", out, h, w, 5), b = set_new(types[i], "srgb", out, h, w, 5);
        ck_network_frame f = frame_of(&a);
        by_hand(n, &b);
        bool good = ck_network_run_frame(n, &f, false, &e) == CK_OK;
        ok(good && same_results(&a, &b), "%s, %s %dx%d: a frame has the bytes of its operations", device,
           ck_type_name(types[i]), w, h);
        set_free(&a);
        set_free(&b);
    }
    ck_network_close(n);
}

/* Both halves run separately give the results of one run, with logits written or read. */
static void halves(void)
{
    ck_network *both = open_network(true, true), *first = open_network(true, false),
               *second = open_network(false, true);
    set a = set_new(CK_U8, "srgb", CK_F32, 70, 90, 6), b = set_new(CK_U8, "srgb", CK_F32, 70, 90, 6);
    ck_network_frame f = frame_of(&a), g = frame_of(&b);
    bool good = ck_network_run_frame(both, &f, false, &e) == CK_OK;
    good = ck_network_run_frame(first, &g, false, &e) == CK_OK && good;
    good = ck_network_run_frame(second, &g, false, &e) == CK_OK && good;
    ok(good && same_results(&a, &b), "both halves in one network and in two: the same bytes");
    f.alpha_logits = f.fg_logits = NULL;
    memset(a.alpha.buf->data, 0, a.alpha.bytes);
    good = ck_network_run_frame(both, &f, true, &e) == CK_OK;
    ok(good && same(&a.alpha, &b.alpha), "without logits, each step waited for");
    b.alpha.c = 2;
    ok(ck_network_run_frame(both, &g, false, &e) == CK_ERR_ARGUMENT, "refused: %s", e.text);
    b.alpha.c = 1;
    b.fg_logits.h--;
    ok(ck_network_run_frame(second, &g, false, &e) == CK_ERR_ARGUMENT, "refused: %s", e.text);
    b.fg_logits.h++;
    b.rgb.c = 1;
    ok(ck_network_run_frame(second, &g, false, &e) == CK_ERR_ARGUMENT, "refused: %s", e.text);
    b.rgb.c = 3;
    set_free(&a);
    set_free(&b);
    ck_network_close(both);
    ck_network_close(first);
    ck_network_close(second);
}

/* ---- several at once ---- */

#define FRAMES 5
#define WRONG 3 /* has a NaN */

typedef struct many {
    ck_network *n;
    set frame[FRAMES];
    ck_status got[FRAMES];
    int next;
    pthread_mutex_t lock;
} many;

static int next_frame(many *m)
{
    pthread_mutex_lock(&m->lock);
    int i = m->next++;
    pthread_mutex_unlock(&m->lock);
    return i;
}

static void *work(void *ctx)
{
    many *m = ctx;
    ck_error own;
    for (int i = next_frame(m); i < FRAMES; i = next_frame(m)) {
        ck_network_frame f = frame_of(&m->frame[i]);
        m->got[i] = ck_network_run_frame(m->n, &f, false, &own);
    }
    return NULL;
}

/* Three sizes, so that a slot grows while another is in use. */
static void make_frames(many *m)
{
    *m = (many){.lock = PTHREAD_MUTEX_INITIALIZER};
    for (int i = 0; i < FRAMES; i++)
        m->frame[i] = set_new(CK_F32, i % 2 ? "srgb" : "linear", i % 3 ? CK_F32 : CK_F16, 40 + 30 * (i % 3), 80,
                              (uint32_t)(20 + i));
    ((float *)m->frame[WRONG].rgb.buf->data)[1000] = NAN;
}

static void run_many(many *m, ck_network *n, int threads)
{
    pthread_t t[4];
    m->n = n;
    for (int i = 0; i < threads; i++)
        if (pthread_create(&t[i], NULL, work, m))
            die("no thread");
    for (int i = 0; i < threads; i++)
        pthread_join(t[i], NULL);
}

static void at_once(int threads)
{
    static many one, all;
    make_frames(&one);
    make_frames(&all);
    ck_network *n = open_network(true, true);
    run_many(&one, n, 1);
    run_many(&all, n, threads);
    int wrong = 0, alike = 0, bad = 0;
    for (int i = 0; i < FRAMES; i++) {
        alike += i != WRONG && same_results(&one.frame[i], &all.frame[i]) && one.got[i] == CK_OK && all.got[i] == CK_OK;
        bad += i == WRONG && one.got[i] == CK_ERR_FORMAT && all.got[i] == CK_ERR_FORMAT;
        wrong += i && same(&one.frame[i].alpha_logits, &one.frame[i - 1].alpha_logits);
    }
    ok(alike == FRAMES - 1 && wrong == 0, "%d frames in %d threads: the bytes of one thread", FRAMES - 1, threads);
    ok(bad == 1, "and the frame with a NaN among them fails alone");
    for (int i = 0; i < FRAMES; i++) {
        set_free(&one.frame[i]);
        set_free(&all.frame[i]);
    }
    ck_network_close(n);
}

/* ---- planes in rings ---- */

/* Copy a plane into a slot. */
static void into_slot(ck_plane *p, ck_lease *l, const void *from)
{
    ck_buffer *b = ck_lease_take(l, p->bytes);
    if (!b)
        die("a slot is too small");
    if (from)
        memcpy(b->data, from, p->bytes);
    ck_buffer_unref(p->buf);
    p->buf = b;
    p->data = b->data;
}

/* Map the same part of the slot as another process would, read-only. */
static void see_slot(ck_plane *p, ck_ring *ring, int slot)
{
    size_t at = (size_t)((const unsigned char *)p->data - ck_ring_slot(ck_lease_ring(ck_lease_of(p->buf)), slot));
    ck_ring_keep(ring, slot);
    ck_lease *l = ck_lease_new(ring, slot);
    ck_buffer *b = ck_lease_view(l, at, p->bytes);
    ck_lease_unref(l);
    ck_buffer_unref(p->buf);
    p->buf = b;
    p->data = b->data;
}

static void rings(void)
{
    ck_ring *in, *out, *seen;
    int slot;
    ck_network *n = open_network(true, true);
    set a = set_new(CK_U8, "srgb", CK_F32, 70, 90, 6), b = set_new(CK_U8, "srgb", CK_F32, 70, 90, 6);
    ck_network_frame f = frame_of(&a), g = frame_of(&b);
    op_need(ck_network_run_frame(n, &f, false, &e), &e);
    op_need(ck_ring_new(2, 1 << 18, &in, &e), &e);
    op_need(ck_ring_new(3, 1 << 18, &out, &e), &e);
    if (!ck_ring_map(getpid(), ck_ring_id_view(in), &seen, &e))
        die(e.text);
    for (int i = 0; i < 3; i++) {
        op_need(ck_ring_take(in, 0, &slot, &e), &e);
        ck_lease *l = ck_lease_new(in, slot);
        into_slot(&b.rgb, l, a.rgb.data);
        into_slot(&b.hint, l, a.hint.data);
        see_slot(&b.rgb, seen, slot);
        see_slot(&b.hint, seen, slot);
        ck_lease_unref(l);
        op_need(ck_ring_take(out, 0, &slot, &e), &e);
        l = ck_lease_new(out, slot);
        into_slot(&b.alpha_logits, l, NULL);
        into_slot(&b.alpha, l, NULL);
        into_slot(&b.fg, l, NULL);
        ck_lease_unref(l);
        bool good = ck_network_run_frame(n, &g, false, &e) == CK_OK;
        ok(good && same_results(&a, &b), "%s: planes in slots of rings, and one beside them: the same bytes", device);
    }
    ck_ring_unref(in);
    ck_ring_unref(out);
    ck_ring_unref(seen);
    set_free(&a);
    set_free(&b);
    ck_network_close(n);
}

/* ---- out of memory, on emulated devices only ---- */

static void fail_at(int allocation)
{
    char number[16];
    snprintf(number, sizeof number, "%d", allocation);
    if (allocation)
        setenv("CK_CUDA_HOST_ALLOCATIONS", number, 1);
    else
        unsetenv("CK_CUDA_HOST_ALLOCATIONS");
}

/* Every ninth allocation, since hundreds are of the same kind. */
static void no_memory_to_open(void)
{
    ck_network *n;
    int failed = 0;
    for (;; failed++) {
        fail_at(1 + 9 * failed);
        ck_status s = try_network(true, true, &n);
        fail_at(0);
        if (s != CK_ERR_MEMORY || !strstr(e.text, "memory")) {
            ok(s == CK_OK && failed > 0, "%d allocations of a network that fail: out of memory, and no more", failed);
            break;
        }
    }
    ck_network_close(n);
}

/* After a failure the next frame succeeds. */
static void no_memory_for_frames(void)
{
    set a = set_new(CK_U8, "srgb", CK_F32, 70, 90, 6), b = set_new(CK_U8, "srgb", CK_F32, 70, 90, 6);
    ck_network_frame f = frame_of(&a), g = frame_of(&b);
    ck_network *n = open_network(true, true);
    op_need(ck_network_run_frame(n, &g, false, &e), &e);
    ck_network_close(n);
    for (int failed = 0;; failed++) {
        n = open_network(true, true);
        fail_at(1 + failed);
        ck_status s = ck_network_run_frame(n, &f, false, &e);
        fail_at(0);
        if (s == CK_OK) {
            ok(failed > 2, "%d allocations for frames", failed); /* the slot's on device and host, and `partial` */
            break;
        }
        bool good = s == CK_ERR_MEMORY && strstr(e.text, "memory");
        ck_error why = e;
        good = good && ck_network_run_frame(n, &f, false, &e) == CK_OK && same_results(&a, &b);
        ok(good, "allocation %d for a frame fails, the next frame is fine: %s", failed + 1, why.text);
        ck_network_close(n);
    }
    ck_network_close(n);
    set_free(&a);
    set_free(&b);
}

static bool wanted(int argc, char **argv, const char *part)
{
    bool named = argc < 3;
    for (int i = 2; i < argc; i++)
        named = named || !strcmp(argv[i], part);
    return named;
}

int main(int argc, char **argv)
{
    device = argc > 1 ? argv[1] : "cpu";
    bytes = mk_safetensors_blob(&small);
    if (ck_weights_open_bytes(bytes.p, bytes.n, &weights, &e) != CK_OK ||
        ck_spec_check(weights, 0, true, CK_PART_ALL, &table, &e) != CK_OK)
        die(e.text);
    if (wanted(argc, argv, "slots"))
        slots_alone();
    if (wanted(argc, argv, "frames")) {
        like_by_hand();
        at_once(4);
    }
    if (wanted(argc, argv, "several")) {
        halves();
        at_once(2);
        rings();
    }
    if (argc > 2 && wanted(argc, argv, "memory")) {
        no_memory_to_open();
        no_memory_for_frames();
    }
    ck_weights_free(weights);
    blob_free(&bytes);
    ck_pool_trim();
    return done_testing();
}
