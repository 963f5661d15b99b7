/* Frames through the network: on a device of its own memory by way of its slots, else in the host's. */
#include <math.h>
#include <string.h>

#include "image/convert.h"
#include "image/resample.h"
#include "model/input.h"
#include "model/network_inside.h"

/* ---- which blocks ---- */

/* A wanted block or a neighbour of one. */
static bool near(const unsigned char *wanted, int y, int x, int down, int across)
{
    for (int v = y > 0 ? y - 1 : 0; v <= y + 1 && v < down; v++)
        for (int u = x > 0 ? x - 1 : 0; u <= x + 1 && u < across; u++)
            if (wanted[v * across + u])
                return true;
    return false;
}

/* All convolutions behind the first together reach 30 pixels: less than a block. */
static ck_status choose_blocks(ck_network *n, const unsigned char *wanted, ck_error *e)
{
    static const int none[1];
    n->where = (ck_refine_where){.rest = {none, 0}};
    if (!wanted)
        return CK_OK;
    if (!n->blocks || !n->settled)
        return ck_fail(e, CK_ERR_ARGUMENT, "blocks of a frame without statistics: refine a whole frame first");
    int down = ck_nn_blocks(n->h), across = ck_nn_blocks(n->w), all = down * across;
    int *reach = n->blocks, *core = reach + all, *rest = core + all;
    n->where = (ck_refine_where){{reach, 0}, {core, 0}, {rest, 0}, {none, 0}};
    for (int i = 0; i < all; i++) {
        if (near(wanted, i / across, i % across, down, across))
            reach[n->where.reach.n++] = i;
        if (wanted[i])
            core[n->where.core.n++] = i;
        else
            rest[n->where.rest.n++] = i;
    }
    return CK_OK;
}

/* ---- what the two ways share ---- */

static ck_nn_tensor part_of(const ck_network *n, const ck_nn_tensor *t, int from, int count)
{
    ck_nn_tensor v = ck_plan_view(t, from, count);
    return ck_plan_placed(n->plan, &v);
}

static ck_status not_finite(ck_error *e)
{
    return ck_fail(e, CK_ERR_FORMAT,
                   "the network's result is not finite: look for NaN or infinite values in the frame (ck-info)");
}

/* What is looked at: logits, and finals. */
static int results(const ck_network *n, ck_nn_tensor t[2])
{
    t[0] = ck_plan_placed(n->plan, &n->logits);
    if (n->refine)
        t[1] = ck_plan_placed(n->plan, &n->refined.final);
    return n->refine ? 2 : 1;
}

/* ---- on the host ---- */

static void up(ck_network *n, const ck_nn_tensor *t, int from, int count, const float *src)
{
    ck_nn_tensor v = part_of(n, t, from, count);
    n->dev->ops->upload(n->dev, &v, src);
}

static void down(ck_network *n, const ck_nn_tensor *t, int from, int count, float *dst)
{
    ck_nn_tensor v = part_of(n, t, from, count);
    if (dst)
        n->dev->ops->download(n->dev, &v, dst);
}

/* A sum is finite only if every term is, short of overflow, which the network is far from. */
static bool all_finite(const ck_nn_tensor *t)
{
    const float *p = t->data;
    double sum = 0;
    for (size_t i = 0; i < ck_nn_pixels(t) * (size_t)t->c; i++)
        sum += (double)p[i];
    return isfinite(sum);
}

/* From the tensors that go in to those that come out. */
static ck_status run_on_host(ck_network *n, const unsigned char *blocks, bool timed, ck_error *e)
{
    ck_nn_tensor t[2];
    ck_status s = choose_blocks(n, blocks, e);
    if (s == CK_OK)
        s = ck_plan_run(n->plan, timed, e);
    for (int i = 0, all = results(n, t); i < all && s == CK_OK; i++)
        s = all_finite(&t[i]) ? CK_OK : not_finite(e);
    n->settled = blocks ? n->settled : s == CK_OK;
    return s;
}

/* A plane from channels of the finals: resized, then narrowed, one channel at a time. */
static ck_status narrow(ck_plane *p, const ck_nn_tensor *t, ck_error *e)
{
    size_t n = (size_t)p->h * (size_t)p->w, from = ck_nn_pixels(t);
    const float *fine = t->data;
    if (p->type == CK_F32)
        return ck_resample(fine, p->c, t->h, t->w, p->data, p->h, p->w, CK_LANCZOS4, e);
    ck_buffer *wide = ck_buffer_new(n * sizeof(float));
    if (!wide)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for plane '%s'", p->name);
    ck_status s = CK_OK;
    for (size_t k = 0; k < (size_t)p->c && s == CK_OK; k++) {
        s = ck_resample(fine + k * from, 1, t->h, t->w, wide->data, p->h, p->w, CK_LANCZOS4, e);
        if (s == CK_OK)
            ck_f32_to_f16(wide->data, (uint16_t *)p->data + k * n, n);
    }
    ck_buffer_unref(wide);
    return s;
}

static ck_status fill(ck_network *n, const ck_network_frame *f, ck_error *e)
{
    ck_nn_tensor rgb = part_of(n, &n->input, 0, 3), hint = {0};
    ck_status s = ck_input_rgb(f->rgb, n->h, n->w, rgb.data, e);
    if (n->infer && s == CK_OK) {
        hint = part_of(n, &n->input, 3, 1);
        s = ck_input_hint(f->hint, n->h, n->w, hint.data, e);
    } else if (!n->infer) {
        up(n, &n->logits, 0, 1, f->alpha_logits->data);
        up(n, &n->logits, 1, 3, f->fg_logits->data);
    }
    return s;
}

static ck_status frame_on_host(ck_network *n, const ck_network_frame *f, bool timed, ck_error *e)
{
    const unsigned char *blocks = NULL;
    ck_status s = fill(n, f, e);
    if (s == CK_OK && f->choose)
        s = f->choose(f->ctx, part_of(n, &n->input, 0, 3).data, &blocks, e);
    if (s == CK_OK)
        s = run_on_host(n, blocks, timed, e);
    if (s == CK_OK && n->infer) {
        down(n, &n->logits, 0, 1, f->alpha_logits ? f->alpha_logits->data : NULL);
        down(n, &n->logits, 1, 3, f->fg_logits ? f->fg_logits->data : NULL);
    }
    if (s != CK_OK || !n->refine)
        return s;
    ck_nn_tensor alpha = part_of(n, &n->refined.final, 0, 1), fg = part_of(n, &n->refined.final, 1, 3);
    s = narrow(f->alpha, &alpha, e);
    return s == CK_OK ? narrow(f->fg, &fg, e) : s;
}

/* ---- on a device ---- */

typedef struct moves {
    ck_nn_move in[CK_NN_MOVES], out[CK_NN_MOVES];
    int n_in, n_out;
} moves;

static int take_slot(ck_network *n)
{
    int i = 0;
    pthread_mutex_lock(&n->slot_lock);
    for (;; i = (i + 1) % CK_NN_SLOTS) {
        if (!n->slot_taken[i])
            break;
        if (i == CK_NN_SLOTS - 1)
            pthread_cond_wait(&n->slot_free, &n->slot_lock);
    }
    n->slot_taken[i] = true;
    pthread_mutex_unlock(&n->slot_lock);
    return i;
}

static void give_slot(ck_network *n, int i)
{
    pthread_mutex_lock(&n->slot_lock);
    n->slot_taken[i] = false;
    pthread_cond_signal(&n->slot_free);
    pthread_mutex_unlock(&n->slot_lock);
}

/* All that has to be in order: from the planes on the device to the planes on the device.  *queued: to be waited for,
 * be it that something went wrong. */
static ck_status queue(ck_network *n, int slot, const unsigned char *blocks, bool timed, bool *queued, ck_error *e)
{
    const struct ck_nn_frames *d = n->dev->ops->frames;
    ck_nn_tensor t[2];
    ck_status s = d->make(n->dev, slot, e);
    *queued = s == CK_OK;
    if (s != CK_OK)
        return s;
    s = choose_blocks(n, blocks, e);
    if (s == CK_OK)
        s = timed ? ck_plan_run(n->plan, true, e) : ck_plan_queue(n->plan, e);
    d->deliver(n->dev, slot, t, results(n, t));
    return s;
}

static ck_status on_device(ck_network *n, const moves *m, const unsigned char *blocks, bool timed, ck_error *e)
{
    const struct ck_nn_frames *d = n->dev->ops->frames;
    int slot = take_slot(n);
    bool queued = false, finite = true;
    ck_error late;
    ck_status s = d->fetch(n->dev, slot, m->in, m->n_in, m->out, m->n_out, e);
    if (s == CK_OK) {
        pthread_mutex_lock(&n->lock);
        s = queue(n, slot, blocks, timed, &queued, e);
        pthread_mutex_unlock(&n->lock);
    }
    ck_status waited = queued ? d->wait(n->dev, slot, &finite, &late) : CK_OK;
    give_slot(n, slot);
    if (s == CK_OK && waited != CK_OK) {
        s = waited;
        *e = late;
    }
    if (s == CK_OK && !finite)
        s = not_finite(e);
    pthread_mutex_lock(&n->lock);
    n->settled = blocks ? n->settled : s == CK_OK;
    pthread_mutex_unlock(&n->lock);
    return s;
}

/* Memory of the caller's that is laid out like the tensor. */
static void move_floats(ck_nn_move *to, int *count, const ck_network *n, const ck_nn_tensor *t, int from, int c,
                        const float *data)
{
    if (data)
        to[(*count)++] = (ck_nn_move){.tensor = part_of(n, t, from, c),
                                      .data = (void *)data,
                                      .type = CK_NN_SAMPLE_F32,
                                      .h = t->h,
                                      .w = t->w,
                                      .filter = CK_BILINEAR_AA};
}

static ck_nn_move move_plane(ck_network *n, const ck_plane *p, const ck_nn_tensor *t, int from, int c, bool in)
{
    static const ck_nn_sample types[] = {[CK_U8] = CK_NN_SAMPLE_U8,
                                         [CK_U16] = CK_NN_SAMPLE_U16,
                                         [CK_F16] = CK_NN_SAMPLE_F16,
                                         [CK_F32] = CK_NN_SAMPLE_F32};
    return (ck_nn_move){.tensor = part_of(n, t, from, c),
                        .data = p->data,
                        .type = types[p->type],
                        .h = p->h,
                        .w = p->w,
                        .pinned = ck_pins_has(&n->pins, n->dev, p, in),
                        .filter = in ? CK_BILINEAR_AA : CK_LANCZOS4};
}

static moves moves_of(ck_network *n, const ck_network_frame *f)
{
    moves m = {.n_in = 1};
    m.in[0] = move_plane(n, f->rgb, &n->input, 0, 3, true);
    m.in[0].linear = !strcmp(f->rgb->encoding, "linear");
    m.in[0].mean = ck_input_mean;
    m.in[0].deviation = ck_input_deviation;
    ck_nn_move *logits = n->infer ? m.out : m.in;
    int *count = n->infer ? &m.n_out : &m.n_in;
    if (n->infer)
        m.in[m.n_in++] = move_plane(n, f->hint, &n->input, 3, 1, true);
    if (f->alpha_logits)
        logits[(*count)++] = move_plane(n, f->alpha_logits, &n->logits, 0, 1, !n->infer);
    if (f->fg_logits)
        logits[(*count)++] = move_plane(n, f->fg_logits, &n->logits, 1, 3, !n->infer);
    if (n->refine) {
        m.out[m.n_out++] = move_plane(n, f->alpha, &n->refined.final, 0, 1, false);
        m.out[m.n_out++] = move_plane(n, f->fg, &n->refined.final, 1, 3, false);
    }
    return m;
}

/* Blocks are chosen on the host, from its own conversion. */
static ck_status choose(const ck_network *n, const ck_network_frame *f, const unsigned char **blocks, ck_error *e)
{
    ck_buffer *rgb = ck_buffer_new(3 * sizeof(float) * (size_t)n->h * (size_t)n->w);
    if (!rgb)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a picture of %d x %d", n->w, n->h);
    ck_status s = ck_input_rgb(f->rgb, n->h, n->w, rgb->data, e);
    if (s == CK_OK)
        s = f->choose(f->ctx, rgb->data, blocks, e);
    ck_buffer_unref(rgb);
    return s;
}

/* ---- for callers ---- */

static ck_status fits(const ck_plane *p, int c, int h, int w, bool half, ck_error *e)
{
    if (p->c == c && (!h || (p->h == h && p->w == w)) && (p->type == CK_F32 || (half && p->type == CK_F16)))
        return CK_OK;
    return ck_fail(e, CK_ERR_ARGUMENT, "plane '%s' of %d x %d with %d channels of %s does not fit the network", p->name,
                   p->w, p->h, p->c, p->type_name);
}

static ck_status check(const ck_network *n, const ck_network_frame *f, ck_error *e)
{
    ck_status s = ck_input_fits(f->rgb, 3, e);
    if (s == CK_OK && n->infer)
        s = ck_input_fits(f->hint, 1, e);
    if (s == CK_OK && f->alpha_logits)
        s = fits(f->alpha_logits, 1, n->h / 4, n->w / 4, false, e);
    if (s == CK_OK && f->fg_logits)
        s = fits(f->fg_logits, 3, n->h / 4, n->w / 4, false, e);
    if (s == CK_OK && n->refine)
        s = fits(f->alpha, 1, 0, 0, true, e);
    return s == CK_OK && n->refine ? fits(f->fg, 3, 0, 0, true, e) : s;
}

ck_status ck_network_run_frame(ck_network *n, const ck_network_frame *f, bool timed, ck_error *e)
{
    ck_status s = check(n, f, e);
    if (s != CK_OK)
        return s;
    if (!n->dev->ops->frames) {
        pthread_mutex_lock(&n->lock);
        s = frame_on_host(n, f, timed, e);
        pthread_mutex_unlock(&n->lock);
        return s;
    }
    const unsigned char *blocks = NULL;
    moves m = moves_of(n, f);
    s = f->choose ? choose(n, f, &blocks, e) : CK_OK;
    return s == CK_OK ? on_device(n, &m, blocks, timed, e) : s;
}

static ck_status run_floats(ck_network *n, const ck_network_io *io, bool timed, ck_error *e)
{
    up(n, &n->input, 0, 3, io->rgb);
    if (n->infer) {
        up(n, &n->input, 3, 1, io->hint);
    } else {
        up(n, &n->logits, 0, 1, io->alpha_logits);
        up(n, &n->logits, 1, 3, io->fg_logits);
    }
    ck_status s = run_on_host(n, io->blocks, timed, e);
    if (n->infer) {
        down(n, &n->logits, 0, 1, io->alpha_logits);
        down(n, &n->logits, 1, 3, io->fg_logits);
    }
    if (n->refine) {
        down(n, &n->refined.final, 0, 1, io->alpha);
        down(n, &n->refined.final, 1, 3, io->fg);
    }
    return s;
}

ck_status ck_network_run(ck_network *n, const ck_network_io *io, bool timed, ck_error *e)
{
    moves m = {0};
    if (!n->dev->ops->frames) {
        pthread_mutex_lock(&n->lock);
        ck_status s = run_floats(n, io, timed, e);
        pthread_mutex_unlock(&n->lock);
        return s;
    }
    ck_nn_move *logits = n->infer ? m.out : m.in;
    int *count = n->infer ? &m.n_out : &m.n_in;
    move_floats(m.in, &m.n_in, n, &n->input, 0, 3, io->rgb);
    if (n->infer)
        move_floats(m.in, &m.n_in, n, &n->input, 3, 1, io->hint);
    move_floats(logits, count, n, &n->logits, 0, 1, io->alpha_logits);
    move_floats(logits, count, n, &n->logits, 1, 3, io->fg_logits);
    if (n->refine) {
        move_floats(m.out, &m.n_out, n, &n->refined.final, 0, 1, io->alpha);
        move_floats(m.out, &m.n_out, n, &n->refined.final, 1, 3, io->fg);
    }
    return on_device(n, &m, io->blocks, timed, e);
}

int ck_network_frames_at_once(const char *device)
{
    char text[256];
    ck_error e;
    bool cuda = !strncmp(device, "cuda", 4) ||
                (!strcmp(device, "auto") && ck_nn_describe_cuda(0, text, sizeof text, &e) == CK_OK);
    return cuda ? CK_NN_SLOTS : 1;
}
