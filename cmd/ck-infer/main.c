/* ck-infer: rgb, hint -> alpha_logits, fg_logits; with --refine alpha, fg. */
#include <stdlib.h>

#include "base/log.h"
#include "ck-infer/options.h"
#include "greenformer/finals.h"
#include "greenformer/fit.h"
#include "greenformer/input.h"
#include "greenformer/channel_swap.h"
#include "greenformer/route.h"
#include "greenformer/split.h"
#include "key/screen.h"
#include "shared/network_messages.h"
#include "nn/devices.h"
#include "shared/plate_messages.h"
#include "stream/worker_pool.h"

typedef struct infer {
    const ck_infer_options *opts;
    ck_network *net;
    ck_split split;          /* --split: net then sees tiles, */
    ck_network *refiner;     /* and --refine has a network of its own */
    int h, w;                /* inference size */
    ck_size plate;           /* --aspect keep: size of the first plate, which shapes the network */
    ck_infer_crop crop;      /* --crop */
    ck_crop region;          /* its region, if it is fixed */
    ck_screen_choice screen; /* --blue-as-green: if it is blue, green and blue are swapped */
    ck_gamut gamut;
} infer;

/* Inference size for the fixed region or for plates like rgb. */
static void choose_size(infer *s, const ck_plane *rgb, const ck_sizes *z)
{
    const ck_infer_options *o = s->opts;
    bool fixed = s->crop == CK_INFER_CROP_FIXED;
    s->h = o->size.h ? o->size.h : 4 * z->grid;
    s->w = o->size.w ? o->size.w : 4 * z->grid;
    if (o->aspect == CK_INFER_ASPECT_KEEP)
        ck_fit_aspect(fixed ? s->region.h : rgb->h, fixed ? s->region.w : rgb->w, &s->h, &s->w);
}

static ck_status open_one(const ck_model *m, const ck_network_options *how, ck_network **net, ck_error *e)
{
    ck_status st = ck_network_open(m->weights, &m->table.sizes, how, net, e);
    if (st == CK_OK)
        ck_messages_opened(m->path, *net);
    return st;
}

/* Open the network for the whole picture, or for tiles of it and then the refiner apart. */
static ck_status open_parts(infer *s, const ck_model *m, ck_network_options how, ck_error *e)
{
    const ck_infer_options *o = s->opts;
    ck_status st = ck_split_open(&s->split, o->split, ck_infer_overlap(o), s->h, s->w, e);
    if (st != CK_OK)
        return st;
    how.h = s->h;
    how.w = s->w;
    if (!s->split.on)
        return open_one(m, &how, &s->net, e);
    ck_network_options tile = how;
    tile.h = s->split.y.side;
    tile.w = s->split.x.side;
    tile.tile = true;
    tile.refine = false;
    how.infer = false;
    how.infers_apart = true;
    ck_log_info("%d x %d in %d x %d tiles of %d x %d", s->w, s->h, s->split.x.n, s->split.y.n, tile.w, tile.h);
    st = open_one(m, &tile, &s->net, e);
    return st == CK_OK && how.refine ? open_one(m, &how, &s->refiner, e) : st;
}

/* After a failure too: with --keep-going the next frame opens them again. */
static void close_parts(infer *s)
{
    ck_network_close(s->net);
    ck_network_close(s->refiner);
    ck_split_close(&s->split);
    s->net = s->refiner = NULL;
}

static ck_status open_network(infer *s, const ck_plane *rgb, ck_error *e)
{
    const ck_infer_options *o = s->opts;
    ck_model m;
    unsigned parts = CK_PART_ENCODER | CK_PART_DECODERS | (o->refine ? CK_PART_REFINER : 0u);
    ck_status st = ck_model_load(o->network.model, o->network.heads, parts, &m, e);
    if (st != CK_OK)
        return st;
    ck_messages_model(&m);
    ck_network_options how = {.device = o->network.device,
                              .threads = o->common.threads,
                              .precision = (ck_nn_precision)o->network.precision,
                              .infer = true,
                              .refine = o->refine,
                              .scale = (float)o->finals.scale};
    how.route = ck_route_parse(o->route, &how.lo, &how.hi);
    choose_size(s, rgb, &m.table.sizes);
    st = open_parts(s, &m, how, e);
    if (st != CK_OK)
        close_parts(s);
    ck_model_free(&m);
    return st;
}

/* The network's size follows from the first plate. */
static bool waits(const infer *s)
{
    return s->opts->aspect == CK_INFER_ASPECT_KEEP && s->crop != CK_INFER_CROP_FIXED;
}

static ck_status open_infer(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                            ck_error *e)
{
    (void)args;
    infer *s = calloc(1, sizeof *s);
    if (!s)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *state = s;
    s->opts = opts;
    ck_gamut_of(ck_meta_get(head, "primaries"), &s->gamut);
    ck_messages_plate(first);
    ck_status st = ck_infer_crop_of(s->opts, &s->crop, &s->region, e);
    if (st == CK_OK)
        st = ck_meta_set(head, CK_CROP_HEAD, s->crop == CK_INFER_CROP_OFF ? NULL : s->opts->crop, e);
    if (st == CK_OK && s->opts->network.blue_as_green)
        st = ck_messages_screen(CK_SCREEN_AUTO, NULL, head, first, &s->screen, e);
    const ck_plane *rgb = first ? ck_frame_plane(first, "rgb") : NULL;
    return st == CK_OK && (rgb || !waits(s)) ? open_network(s, rgb, e) : st;
}

/* Add the planes for the results. */
static ck_status add_planes(const infer *s, ck_frame *f, ck_error *e)
{
    const ck_infer_options *o = s->opts;
    ck_plane *p;
    if (o->refine) {
        ck_frame_remove(f, "alpha_logits");
        ck_frame_remove(f, "fg_logits");
        return ck_finals_add(f, s->h, s->w, &o->finals, e);
    }
    ck_status st =
        ck_frame_add(f, "alpha_logits", CK_F32, 1, s->h / CK_LOGIT_STRIDE, s->w / CK_LOGIT_STRIDE, "", &p, e);
    return st == CK_OK
               ? ck_frame_add(f, "fg_logits", CK_F32, 3, s->h / CK_LOGIT_STRIDE, s->w / CK_LOGIT_STRIDE, "", &p, e)
               : st;
}

static ck_status admit(void *state, ck_frame *f, ck_error *e)
{
    infer *s = state;
    const ck_plane *rgb = ck_frame_plane(f, "rgb");
    ck_status st = s->opts->network.blue_as_green ? ck_messages_screen_admit(&s->screen, f, e) : CK_OK;
    if (st == CK_OK && waits(s))
        st = ck_messages_size(&s->plate, f, "rgb", e);
    return st == CK_OK && !s->net && rgb ? open_network(s, rgb, e) : st;
}

static ck_status run_job(const infer *s, const ck_frame *f, const ck_network_frame *job, ck_error *e)
{
    bool timed = s->opts->network.time_layers;
    int computed;
    if (!s->split.on)
        return ck_network_run_frame(s->net, job, timed, e);
    ck_status st = ck_split_run(&s->split, s->net, s->refiner, job, timed, &computed, e);
    if (st == CK_OK)
        ck_log_info("frame %ld: %d of %d tiles computed", ck_frame_number(f), computed, s->split.y.n * s->split.x.n);
    return st;
}

static ck_status run_network(const infer *s, ck_frame *f, ck_error *e)
{
    double routed = 1;
    ck_network_frame job = {.rgb = ck_frame_plane(f, "rgb"), .hint = ck_frame_plane(f, "hint"), .routed = &routed};
    if (s->opts->refine) {
        job.alpha = ck_frame_plane(f, "alpha");
        job.fg = ck_frame_plane(f, "fg");
    } else {
        job.alpha_logits = ck_frame_plane(f, "alpha_logits");
        job.fg_logits = ck_frame_plane(f, "fg_logits");
    }
    ck_plane swapped;
    ck_buffer *hold = NULL;
    bool swap = s->opts->network.blue_as_green && ck_screen_blue(&s->screen, f);
    ck_status st = swap ? ck_channel_swap_copy(job.rgb, &swapped, &hold, e) : CK_OK;
    if (st == CK_OK) {
        job.rgb = swap ? &swapped : job.rgb;
        st = run_job(s, f, &job, e);
    }
    if (st == CK_OK && routed < 1)
        ck_log_info("frame %ld: %.1f %% of the tokens attend to all", ck_frame_number(f), 100 * routed);
    if (st == CK_OK && swap)
        ck_channel_swap_here(job.fg ? job.fg : job.fg_logits);
    ck_buffer_unref(hold);
    return st;
}

static ck_status make_results(const infer *s, ck_frame *f, ck_error *e)
{
    const ck_infer_options *o = s->opts;
    ck_plane *p;
    ck_status st = ck_frame_need(f, "rgb", 3, 0, &p, e);
    if (st == CK_OK)
        st = ck_frame_need(f, "hint", 1, 0, &p, e);
    if (st == CK_OK)
        st = add_planes(s, f, e);
    if (st != CK_OK)
        return st;
    st = run_network(s, f, e);
    return st == CK_OK ? ck_finals_finish(f, s->h, s->w, &o->finals, e) : st;
}

static ck_status infer_whole(const infer *s, ck_frame *f, ck_error *e)
{
    ck_gamut_visit v;
    ck_status st = ck_gamut_enter(&s->gamut, f, &v, e);
    return ck_gamut_leave(&v, f, st == CK_OK ? make_results(s, f, e) : st, e);
}

/* The region that the network sees; w = 0: the whole plate. */
static ck_status choose_region(const infer *s, ck_frame *f, ck_crop *c, ck_error *e)
{
    ck_plane *rgb, *hint;
    *c = s->region;
    ck_status st = s->crop == CK_INFER_CROP_OFF ? CK_OK : ck_frame_need(f, "rgb", 3, 0, &rgb, e);
    if (st != CK_OK || s->crop == CK_INFER_CROP_OFF)
        return st;
    int h = rgb->h, w = rgb->w;
    if (s->crop == CK_INFER_CROP_AUTO) {
        st = ck_frame_need(f, "hint", 1, 0, &hint, e);
        return st == CK_OK ? ck_crop_subject(hint, h, w, s->opts->aspect == CK_INFER_ASPECT_KEEP, c, e) : st;
    }
    if (!ck_crop_inside(c, h, w))
        return ck_fail(e, CK_ERR_ARGUMENT, "--crop %s exceeds the frame of %d x %d: give a region inside it",
                       s->opts->crop, w, h);
    if (c->w == w && c->h == h)
        *c = (ck_crop){0};
    return CK_OK;
}

/* The region as a frame of its own, there and back. */
static ck_status infer_region(const infer *s, ck_frame *f, const ck_crop *c, ck_error *e)
{
    ck_frame inside;
    ck_log_info("frame %ld: region %d,%d,%d,%d", ck_frame_number(f), c->x, c->y, c->w, c->h);
    ck_status st = ck_crop_cut(f, c, &inside, e);
    if (st == CK_OK)
        st = ck_crop_cut_plane(f, c, "hint", &inside, e);
    if (st == CK_OK && s->opts->finals.detail)
        st = ck_crop_cut_plane(f, c, "key", &inside, e);
    if (st == CK_OK)
        st = infer_whole(s, &inside, e);
    if (st == CK_OK)
        st = ck_crop_paste(&inside, c, s->opts->finals.native, f, e);
    ck_frame_free(&inside);
    return st;
}

static ck_status infer_frame(void *state, ck_frame *f, ck_error *e)
{
    const infer *s = state;
    ck_crop c;
    ck_status st = choose_region(s, f, &c, e);
    if (st == CK_OK)
        st = ck_crop_set(f, &c, e);
    if (st != CK_OK)
        return st;
    return c.w ? infer_region(s, f, &c, e) : infer_whole(s, f, e);
}

static ck_status report(void *state, ck_error *e)
{
    (void)e;
    const infer *s = state;
    if (s->net)
        ck_messages_done(s->net, s->opts->network.time_layers);
    if (s->refiner)
        ck_messages_done(s->refiner, s->opts->network.time_layers);
    if (s->opts->network.blue_as_green)
        ck_messages_screen_end(&s->screen);
    return CK_OK;
}

static void close_infer(void *state)
{
    infer *s = state;
    close_parts(s);
    free(s);
}

/* ---- one worker per device ---- */

/* Number of frames in work.  On the host all threads share one frame, because each frame's activations take much
 * memory. */
static int at_once(const void *opts, int cores)
{
    (void)cores;
    return ck_network_frames_at_once(((const ck_infer_options *)opts)->network.device);
}

static const ck_stage worker = {.program = &ck_infer_program,
                                .open = open_infer,
                                .admit = admit,
                                .frame = infer_frame,
                                .finish = report,
                                .close = close_infer,
                                .threads = at_once};

/* --size auto: the largest size that fits every device. */
static ck_status fit(ck_infer_options *o, const ck_nn_devices *devices, ck_error *e)
{
    ck_model m;
    ck_fit least = {0}, fit;
    ck_status st = ck_model_load(o->network.model, o->network.heads, CK_PART_ALL, &m, e);
    for (int i = 0; i < devices->n && st == CK_OK; i++) {
        ck_network_options how = {.device = devices->name[i],
                                  .threads = o->common.threads,
                                  .precision = (ck_nn_precision)o->network.precision,
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
    ck_log_notice("--size auto: %d x %d, %s: %.0f MB for ck-infer and ck-refine, %.0f MB free on %s", least.side,
                  least.side, least.whole ? "as the checkpoint was trained" : "the largest that fits",
                  least.needed * 1e-6, least.left * 1e-6, least.device);
    return CK_OK;
}

static ck_status open_workers(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                              ck_error *e)
{
    ck_infer_options o = *(const ck_infer_options *)opts;
    ck_nn_devices devices;
    const char *names[CK_NN_DEVICES];
    ck_status st = ck_nn_devices_named(o.network.device, &devices, e);
    for (int i = 0; i < devices.n; i++)
        names[i] = devices.name[i];
    if (st == CK_OK && o.size.h == CK_INFER_SIZE_AUTO)
        st = fit(&o, &devices, e);
    ck_worker_pool_spec of = {&worker, offsetof(ck_infer_options, network.device), devices.n, names};
    return st == CK_OK ? ck_worker_pool_open(&of, &o, args, head, first, state, e) : st;
}

static int one_a_device(const void *opts, int cores)
{
    return ck_nn_devices_count(((const ck_infer_options *)opts)->network.device) * at_once(opts, cores);
}

int main(int argc, char **argv)
{
    static const ck_stage stage = {.program = &ck_infer_program,
                                   .open = open_workers,
                                   .admit = ck_worker_pool_admit,
                                   .frame = ck_worker_pool_frame,
                                   .finish = ck_worker_pool_finish,
                                   .close = ck_worker_pool_close,
                                   .threads = one_a_device};
    return ck_stage_main(&stage, argc, argv);
}
