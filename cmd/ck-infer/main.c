/* ck-infer: rgb, hint -> alpha_logits, fg_logits; with --refine alpha, fg. */
#include <stdlib.h>

#include "base/log.h"
#include "ck-infer/options.h"
#include "image/plate.h"
#include "model/finals.h"
#include "model/fit.h"
#include "model/input.h"
#include "model/load.h"
#include "nn/devices.h"
#include "nn/report.h"
#include "stream/crew.h"

typedef struct infer {
    const ck_infer_options *opts;
    ck_network *net;
    int h, w;
    float *input;   /* planar [4][h][w]: normalised rgb, hint */
    float *fine;    /* planar [4][h][w], --refine: alpha and foreground before they are resized */
    ck_buffer *own; /* of the two, where the network has no planes of its own */
} infer;

/* Options that mean nothing without --refine are mistakes. */
static ck_status check(const ck_infer_options *o, ck_error *e)
{
    const char *wrong = o->scale != 1 ? "scale"
                        : o->native   ? "native"
                        : o->detail   ? "detail"
                        : o->depth    ? "depth"
                                      : NULL;
    return wrong && !o->refine ? ck_fail(e, CK_ERR_ARGUMENT, "--%s is for --refine: see ck-infer --help", wrong)
                               : CK_OK;
}

static ck_status open_network(infer *s, ck_error *e)
{
    const ck_infer_options *o = s->opts;
    ck_model m;
    unsigned parts = CK_PART_ENCODER | CK_PART_DECODERS | (o->refine ? CK_PART_REFINER : 0u);
    ck_status st = ck_model_load(o->model, o->heads, parts, &m, e);
    if (st != CK_OK)
        return st;
    for (size_t i = 0; i < sizeof m.table.warning / sizeof *m.table.warning; i++)
        if (*m.table.warning[i])
            ck_log_error("%s: %s", m.path, m.table.warning[i]);
    ck_network_options how = {.device = o->device,
                              .threads = o->common.threads,
                              .precision = (ck_nn_precision)o->precision,
                              .h = o->size.h,
                              .w = o->size.w,
                              .infer = true,
                              .refine = o->refine,
                              .scale = (float)o->scale};
    st = ck_network_open(m.weights, &m.table.sizes, &how, &s->net, e);
    if (st == CK_OK) {
        ck_network_size(s->net, &s->h, &s->w);
        const ck_plan *p = ck_network_plan(s->net);
        if (*ck_network_passed_over(s->net))
            ck_log_info("no CUDA: %s", ck_network_passed_over(s->net));
        ck_log_info("%s at %d x %d on %s: %s, %d steps, %.0f GFLOP a frame, %.0f MB of activations", m.path, s->w, s->h,
                    ck_network_device(s->net), ck_nn_precision_name(ck_network_precision(s->net)), ck_plan_steps(p),
                    ck_plan_gflop(p), (double)ck_plan_bytes(p) * 1e-6);
    }
    ck_model_free(&m);
    return st;
}

/* What the network's pictures lie in. */
static ck_status open_planes(infer *s, ck_error *e)
{
    if (ck_network_planes(s->net, &s->input, &s->fine))
        return CK_OK;
    size_t picture = 4 * (size_t)s->h * (size_t)s->w;
    s->own = ck_buffer_new((s->opts->refine ? 2 : 1) * picture * sizeof(float));
    if (!s->own)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a picture of %d x %d", s->w, s->h);
    s->input = s->own->data;
    s->fine = s->opts->refine ? s->input + picture : NULL;
    return CK_OK;
}

static ck_status open_infer(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                            ck_error *e)
{
    (void)args;
    (void)head;
    infer *s = calloc(1, sizeof *s);
    if (!s)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *state = s;
    s->opts = opts;
    ck_status st = check(s->opts, e);
    if (st != CK_OK)
        return st;
    const ck_plane *rgb = first ? ck_frame_plane(first, "rgb") : NULL;
    if (rgb && !ck_plate_known(rgb->encoding))
        ck_log_error("plane 'rgb' is encoded as '%s', which is taken as sRGB display values", rgb->encoding);
    st = open_network(s, e);
    return st == CK_OK ? open_planes(s, e) : st;
}

/* Planes for the logits. */
static ck_status add_logits(const infer *s, ck_frame *f, ck_network_io *io, ck_error *e)
{
    ck_plane *p;
    ck_status st = ck_frame_add(f, "alpha_logits", CK_F32, 1, s->h / 4, s->w / 4, "", &p, e);
    if (st == CK_OK)
        st = ck_frame_add(f, "fg_logits", CK_F32, 3, s->h / 4, s->w / 4, "", &p, e);
    if (st != CK_OK)
        return st;
    io->alpha_logits = ck_frame_plane(f, "alpha_logits")->data;
    io->fg_logits = ck_frame_plane(f, "fg_logits")->data;
    return CK_OK;
}

static ck_status infer_frame(void *state, ck_frame *f, ck_error *e)
{
    infer *s = state;
    ck_plane *p;
    size_t pixels = (size_t)s->h * (size_t)s->w;
    ck_network_io io = {.rgb = s->input, .hint = s->input + 3 * pixels};
    ck_status st = ck_frame_need(f, "rgb", 3, 0, &p, e);
    if (st != CK_OK)
        return st;
    int h = s->opts->native ? s->h : p->h, w = s->opts->native ? s->w : p->w;
    st = ck_input_rgb(p, s->h, s->w, s->input, e);
    if (st == CK_OK)
        st = ck_frame_need(f, "hint", 1, 0, &p, e);
    if (st == CK_OK)
        st = ck_input_hint(p, s->h, s->w, s->input + 3 * pixels, e);
    if (st != CK_OK)
        return st;
    if (s->opts->refine) {
        ck_frame_remove(f, "alpha_logits");
        ck_frame_remove(f, "fg_logits");
        io.alpha = s->fine;
        io.fg = s->fine + pixels;
    } else if ((st = add_logits(s, f, &io, e)) != CK_OK) {
        return st;
    }
    st = ck_network_run(s->net, &io, ck_log_verbose(), e);
    if (st != CK_OK || !s->opts->refine)
        return st;
    ck_finals made = {.data = s->fine,
                      .h = s->h,
                      .w = s->w,
                      .half = s->opts->depth == CK_INFER_DEPTH_16,
                      .detail = s->opts->detail,
                      .coarse = s->opts->scale == 0};
    return ck_finals_add(&made, f, h, w, e);
}

static ck_status report(void *state, ck_error *e)
{
    (void)e;
    const infer *s = state;
    if (ck_log_verbose())
        ck_plan_report(ck_network_plan(s->net), stderr);
    return CK_OK;
}

static void close_infer(void *state)
{
    infer *s = state;
    ck_network_close(s->net);
    ck_buffer_unref(s->own);
    free(s);
}

/* ---- one worker a device ---- */

/* The threads work together on one frame: its activations are what takes memory. */
static int one_frame(const void *opts, int cores)
{
    (void)opts;
    (void)cores;
    return 1;
}

static const ck_stage worker = {.program = &ck_infer_program,
                                .open = open_infer,
                                .frame = infer_frame,
                                .finish = report,
                                .close = close_infer,
                                .threads = one_frame};

/* --size auto: what fits all devices. */
static ck_status fit(ck_infer_options *o, const ck_nn_devices *devices, ck_error *e)
{
    ck_model m;
    ck_fit least = {0}, fit;
    ck_status st = ck_model_load(o->model, o->heads, CK_PART_ALL, &m, e);
    for (int i = 0; i < devices->n && st == CK_OK; i++) {
        ck_network_options how = {.device = devices->name[i],
                                  .threads = o->common.threads,
                                  .precision = (ck_nn_precision)o->precision,
                                  .infer = true,
                                  .refine = o->refine,
                                  .scale = 1};
        st = ck_fit_network(m.weights, &m.table.sizes, &how, &fit, e);
        if (st == CK_OK && (!i || fit.side < least.side))
            least = fit;
    }
    ck_model_free(&m);
    if (st != CK_OK)
        return st;
    o->size = (ck_size){least.side, least.side};
    ck_log_error("--size auto: %d x %d, %s: %.0f MB for both halves of the network, %.0f left on %s", least.side,
                 least.side, least.whole ? "what the checkpoint was made for" : "the largest that fits",
                 least.needed * 1e-6, least.left * 1e-6, least.device);
    return CK_OK;
}

static ck_status open_workers(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                              ck_error *e)
{
    ck_infer_options o = *(const ck_infer_options *)opts;
    ck_nn_devices devices;
    const char *names[CK_NN_DEVICES];
    ck_status st = ck_nn_devices_named(o.device, &devices, e);
    for (int i = 0; i < devices.n; i++)
        names[i] = devices.name[i];
    if (st == CK_OK && o.size.h == CK_INFER_SIZE_AUTO)
        st = fit(&o, &devices, e);
    ck_crew_of of = {&worker, offsetof(ck_infer_options, device), devices.n, names};
    return st == CK_OK ? ck_crew_open(&of, &o, args, head, first, state, e) : st;
}

static int one_a_device(const void *opts, int cores)
{
    ck_nn_devices devices;
    const ck_infer_options *o = opts;
    bool good = ck_nn_devices_named(o->device, &devices, NULL) == CK_OK;
    return (good ? devices.n : 1) * worker.threads(opts, cores);
}

int main(int argc, char **argv)
{
    static const ck_stage stage = {.program = &ck_infer_program,
                                   .open = open_workers,
                                   .frame = ck_crew_frame,
                                   .finish = ck_crew_finish,
                                   .close = ck_crew_close,
                                   .threads = one_a_device};
    return ck_stage_main(&stage, argc, argv);
}
