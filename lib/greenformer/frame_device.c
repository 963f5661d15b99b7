/* Frames on a device with its own memory, two at once in its slots (nn/frames.h). */
#include <string.h>

#include "greenformer/input.h"
#include "greenformer/network_inside.h"
#include "image/convert.h"
#include "image/plate.h"

typedef struct moves {
    ck_nn_move in[CK_NN_MOVES], out[CK_NN_MOVES];
    int n_in, n_out;
} moves;

/* Decisions of the host about a frame's steps. */
typedef struct decisions {
    const unsigned char *blocks; /* see ck_network_io */
    const float *hint;           /* [h][w], with a route */
    double *routed;              /* see ck_network_frame */
} decisions;

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

/* Queue the ordered part of a frame, from planes on the device to planes on the device.  *queued: the slot must be
 * waited for, even after a failure. */
static ck_status queue(ck_network *n, int slot, const decisions *by, bool timed, bool *queued, ck_error *e)
{
    const struct ck_nn_frames *d = n->dev->ops->frames;
    ck_nn_tensor t[2];
    ck_status s = d->make(n->dev, slot, e);
    *queued = s == CK_OK;
    if (s != CK_OK)
        return s;
    s = ck_network_blocks(n, by->blocks, e);
    ck_route_choose(&n->route, by->hint, by->routed);
    if (s == CK_OK)
        s = timed ? ck_nn_plan_run(n->plan, true, e) : ck_nn_plan_queue(n->plan, e);
    d->deliver(n->dev, slot, t, ck_network_results(n, t));
    return s;
}

/* ---- resampling ---- */

static ck_status axis(ck_axis *kept, int from, int to, ck_filter f, bool across, ck_nn_axis *out, ck_error *e)
{
    *out = (ck_nn_axis){.in = from, .out = to};
    if (from == to)
        return CK_OK;
    if (kept->in != from || kept->out != to) {
        ck_axis_free(kept);
        ck_status s = ck_axis_new(kept, from, to, f, across, false, e);
        if (s != CK_OK) {
            ck_axis_free(kept);
            return s;
        }
    }
    out->taps = kept->taps;
    out->first = kept->first;
    out->count = kept->count;
    out->weight = kept->weight;
    out->reversed = !across && f == CK_LANCZOS4; /* the order in which ck_resample sums */
    return CK_OK;
}

/* Make the tables of all moves.  They are kept in the slot, since most frames have the size of the one before.  Planes
 * are resampled by CK_BILINEAR_AA on the way in and by Lanczos on the way out. */
static ck_status make_axes(ck_network *n, int slot, moves *m, ck_error *e)
{
    ck_axis *kept = n->axis[slot];
    ck_status s = CK_OK;
    for (int i = 0; i < m->n_in && s == CK_OK; i++) {
        ck_nn_move *v = &m->in[i];
        s = axis(&kept[2 * i], v->w, v->tensor.w, CK_BILINEAR_AA, true, &v->x, e);
        if (s == CK_OK)
            s = axis(&kept[2 * i + 1], v->h, v->tensor.h, CK_BILINEAR_AA, false, &v->y, e);
    }
    kept += 2 * CK_NN_MOVES;
    for (int i = 0; i < m->n_out && s == CK_OK; i++) {
        ck_nn_move *v = &m->out[i];
        s = axis(&kept[2 * i], v->tensor.w, v->w, CK_LANCZOS4, true, &v->x, e);
        if (s == CK_OK)
            s = axis(&kept[2 * i + 1], v->tensor.h, v->h, CK_LANCZOS4, false, &v->y, e);
    }
    return s;
}

void ck_network_free_axes(ck_network *n)
{
    for (int slot = 0; slot < CK_NN_SLOTS; slot++)
        for (int i = 0; i < 4 * CK_NN_MOVES; i++)
            ck_axis_free(&n->axis[slot][i]);
}

/* ---- one frame ---- */

/* True if all samples that the network got are finite.  Called only after a failure. */
static bool finite_inputs(const moves *m)
{
    bool finite = true;
    for (int i = 0; i < m->n_in; i++) {
        const ck_nn_move *v = &m->in[i];
        size_t n = (size_t)v->tensor.c * (size_t)v->h * (size_t)v->w;
        const uint16_t *half = v->data;
        if (v->type == CK_NN_SAMPLE_F32)
            finite = finite && ck_all_finite(v->data, n);
        for (size_t k = 0; v->type == CK_NN_SAMPLE_F16 && k < n && finite; k++)
            finite = (half[k] & 0x7c00) != 0x7c00;
    }
    return finite;
}

static ck_status on_device(ck_network *n, moves *m, const decisions *by, bool timed, ck_error *e)
{
    const struct ck_nn_frames *d = n->dev->ops->frames;
    int slot = take_slot(n);
    bool queued = false, finite = true;
    ck_error late;
    ck_status s = make_axes(n, slot, m, e);
    if (s == CK_OK)
        s = d->fetch(n->dev, slot, m->in, m->n_in, m->out, m->n_out, e);
    if (s == CK_OK) {
        pthread_mutex_lock(&n->lock);
        s = queue(n, slot, by, timed, &queued, e);
        pthread_mutex_unlock(&n->lock);
    }
    ck_status waited = queued ? d->wait(n->dev, slot, &finite, &late) : CK_OK;
    give_slot(n, slot);
    if (s == CK_OK && waited != CK_OK) {
        s = waited;
        *e = late;
    }
    if (s == CK_OK && !finite)
        s = ck_network_not_finite(n, finite_inputs(m), e);
    pthread_mutex_lock(&n->lock);
    n->settled = by->blocks ? n->settled : s == CK_OK;
    pthread_mutex_unlock(&n->lock);
    return s;
}

/* Append a move of `data`, f32 laid out like the tensor; none if it is NULL. */
static void move_floats(ck_nn_move *to, int *count, const ck_network *n, const ck_nn_tensor *t, int from, int c,
                        const float *data)
{
    if (data)
        to[(*count)++] = (ck_nn_move){.tensor = ck_network_part(n, t, from, c),
                                      .data = ck_drop_const(data),
                                      .type = CK_NN_SAMPLE_F32,
                                      .h = t->h,
                                      .w = t->w};
}

static ck_nn_move move_plane(ck_network *n, const ck_plane *p, const ck_nn_tensor *t, int from, int c, bool in)
{
    static const ck_nn_sample types[] = {[CK_U8] = CK_NN_SAMPLE_U8,
                                         [CK_U16] = CK_NN_SAMPLE_U16,
                                         [CK_F16] = CK_NN_SAMPLE_F16,
                                         [CK_F32] = CK_NN_SAMPLE_F32};
    return (ck_nn_move){.tensor = ck_network_part(n, t, from, c),
                        .data = ck_plane_data(p),
                        .type = types[p->type],
                        .h = p->h,
                        .w = p->w,
                        .pinned = ck_pins_has(&n->pins, n->dev, p, in)};
}

static moves moves_of(ck_network *n, const ck_network_frame *f)
{
    moves m = {.n_in = 1};
    m.in[0] = move_plane(n, f->rgb, &n->input, 0, 3, true);
    m.in[0].mirrored = !strcmp(f->rgb->encoding, CK_LINEAR_WIDE);
    m.in[0].linear = m.in[0].mirrored || !strcmp(f->rgb->encoding, "linear");
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

/* Blocks are chosen on the host, from the host's own conversion of the frame. */
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

/* Tokens too are chosen on the host. */
static ck_status see_hint(const ck_network *n, const ck_network_frame *f, ck_buffer **hold, ck_error *e)
{
    if (!n->route.on)
        return CK_OK;
    *hold = ck_buffer_new(sizeof(float) * (size_t)n->h * (size_t)n->w);
    return *hold ? ck_input_hint(f->hint, n->h, n->w, (*hold)->data, e)
                 : ck_fail(e, CK_ERR_MEMORY, "out of memory for a hint of %d x %d", n->w, n->h);
}

ck_status ck_network_frame_on_device(ck_network *n, const ck_network_frame *f, bool timed, ck_error *e)
{
    decisions by = {.routed = f->routed};
    ck_buffer *hint = NULL;
    moves m = moves_of(n, f);
    ck_status s = f->choose ? choose(n, f, &by.blocks, e) : CK_OK;
    if (s == CK_OK)
        s = see_hint(n, f, &hint, e);
    by.hint = hint ? hint->data : NULL;
    s = s == CK_OK ? on_device(n, &m, &by, timed, e) : s;
    ck_buffer_unref(hint);
    return s;
}

ck_status ck_network_io_on_device(ck_network *n, const ck_network_io *io, bool timed, ck_error *e)
{
    moves m = {0};
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
    const decisions by = {.blocks = io->blocks, .hint = io->hint};
    return on_device(n, &m, &by, timed, e);
}
