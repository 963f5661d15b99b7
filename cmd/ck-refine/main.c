/* ck-refine: rgb, alpha_logits, fg_logits -> alpha, fg. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/cores.h"
#include "ck-refine/budget.h"
#include "ck-refine/options.h"
#include "ck-refine/sparse.h"
#include "greenformer/crop.h"
#include "greenformer/finals.h"
#include "greenformer/input.h"
#include "greenformer/channel_swap.h"
#include "key/screen.h"
#include "shared/network_messages.h"
#include "nn/devices.h"
#include "shared/plate_messages.h"
#include "stream/worker_pool.h"

typedef struct refine {
    const ck_refine_options *opts;
    ck_model model;          /* loaded for the first frame with logits, kept until the network is open */
    ck_network *net;         /* opened for the first frame with logits, at that frame's size */
    int h, w;                /* inference size */
    ck_screen_choice screen; /* --blue-as-green: if it is blue, green and blue are swapped */
    ck_gamut gamut;
    sparse sparse;
    bool regions; /* HEAD or the first frame with logits announces regions */
} refine;

static ck_status load(refine *s, ck_error *e)
{
    ck_status st = ck_model_load(s->opts->network.model, s->opts->network.heads, CK_PART_REFINER, &s->model, e);
    if (st == CK_OK)
        ck_messages_model(&s->model);
    return st;
}

/* True if ck-infer --refine or another ck-refine has refined the frame. */
static bool refined_before(ck_frame *f)
{
    bool logits = ck_frame_plane(f, "alpha_logits") || ck_frame_plane(f, "fg_logits");
    return !logits && ck_frame_plane(f, "alpha") && ck_frame_plane(f, "fg");
}

/* Warn about options that have no effect on refined input. */
static void say_passing(const ck_refine_options *o)
{
    const char *no_use = o->mode != CK_REFINE_FULL ? "mode" : ck_finals_asked(&o->finals);
    if (!no_use)
        ck_log_info("frames have alpha and fg but no logits: passed through unchanged");
    else
        ck_log_warning(
            "frames are refined already and pass through: --%s has no effect: give it to the program that refines",
            no_use);
}

static ck_status open_refine(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                             ck_error *e)
{
    (void)args;
    refine *s = calloc(1, sizeof *s);
    if (!s)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *state = s;
    s->opts = opts;
    ck_gamut_of(ck_meta_get(head, "primaries"), &s->gamut);
    s->regions = ck_meta_get(head, CK_CROP_HEAD);
    ck_status st =
        s->opts->network.blue_as_green ? ck_messages_screen(CK_SCREEN_AUTO, NULL, head, first, &s->screen, e) : CK_OK;
    if (st == CK_OK && first && refined_before(first)) {
        say_passing(s->opts);
        return CK_OK;
    }
    ck_messages_plate(first);
    return st == CK_OK ? load(s, e) : st;
}

/* Rows of a band: enough blocks to keep all threads busy, but a small part of the picture. */
static int band_rows(const ck_refine_options *o, int w)
{
    if (o->mode == CK_REFINE_TILED && o->tile)
        return ck_nn_blocks(o->tile) * CK_NN_BLOCK;
    int threads = o->common.threads ? o->common.threads : ck_cores(), across = ck_nn_blocks(w);
    return (8 * threads + across - 1) / across * CK_NN_BLOCK;
}

/* Open the network when the first frame with logits has arrived. */
static ck_status open_network(refine *s, const ck_frame *f, const ck_plane *rgb, int h, int w, ck_error *e)
{
    const ck_refine_options *o = s->opts;
    s->regions |= ck_meta_get(&f->meta, CK_CROP_REGION) != NULL;
    ck_network_options how = {.device = o->network.device,
                              .threads = o->common.threads,
                              .precision = (ck_nn_precision)o->network.precision,
                              .h = h,
                              .w = w,
                              .refine = true,
                              .scale = (float)o->finals.scale,
                              .sparse = o->mode == CK_REFINE_SPARSE};
    if (o->mode == CK_REFINE_TILED || o->memory)
        how.band = band_rows(o, w);
    ck_sparse_close(&s->sparse); /* may be open from an earlier frame that failed */
    ck_status st = s->model.weights ? CK_OK : load(s, e);
    if (st == CK_OK)
        st = how.sparse ? ck_sparse_open(&s->sparse, o, h, w, e) : CK_OK;
    if (st == CK_OK && o->memory)
        st = ck_budget_network(o, f, rgb, h, w, s->regions, &how.memory, e);
    if (st != CK_OK)
        return st;
    st = ck_network_open(s->model.weights, &s->model.table.sizes, &how, &s->net, e);
    if (st != CK_OK)
        return st;
    s->h = h;
    s->w = w;
    ck_messages_opened(s->model.path, s->net);
    ck_model_free(&s->model);
    return CK_OK;
}

/* Open the network for logits of this size.  Once it is open, other sizes are an error. */
static ck_status settle_size(refine *s, const ck_frame *f, const ck_plane *rgb, const ck_plane *alpha,
                             const ck_plane *fg, ck_error *e)
{
    if (fg->h != alpha->h || fg->w != alpha->w)
        return ck_fail(e, CK_ERR_FORMAT,
                       "plane 'alpha_logits' is %d x %d, but 'fg_logits' is %d x %d: take both from the same program",
                       alpha->w, alpha->h, fg->w, fg->h);
    if (!s->net)
        return open_network(s, f, rgb, CK_LOGIT_STRIDE * alpha->h, CK_LOGIT_STRIDE * alpha->w, e);
    if (s->h != CK_LOGIT_STRIDE * alpha->h || s->w != CK_LOGIT_STRIDE * alpha->w)
        return ck_fail(
            e, CK_ERR_FORMAT,
            "frame size changed in mid-stream, plane 'alpha_logits' from %d x %d to %d x %d: split the input",
            s->w / CK_LOGIT_STRIDE, s->h / CK_LOGIT_STRIDE, alpha->w, alpha->h);
    return CK_OK;
}

/* A frame's planes, copied because adding planes moves the originals; the data stay in place. */
typedef struct planes {
    ck_plane rgb, alpha_logits, fg_logits, alpha, fg;
} planes;

static ck_status find_planes(ck_frame *f, planes *at, ck_error *e)
{
    ck_plane *p;
    ck_status st = ck_frame_need(f, "alpha_logits", 1, 1u << CK_F32, &p, e);
    if (st != CK_OK)
        return st;
    at->alpha_logits = *p;
    if ((st = ck_frame_need(f, "fg_logits", 3, 1u << CK_F32, &p, e)) != CK_OK)
        return st;
    at->fg_logits = *p;
    if ((st = ck_frame_need(f, "rgb", 3, 0, &p, e)) == CK_OK)
        at->rgb = *p;
    return st;
}

/* Called in frame order: the first frame with logits opens the network. */
static ck_status admit(void *state, ck_frame *f, ck_error *e)
{
    refine *s = state;
    planes at;
    ck_status st = s->opts->network.blue_as_green ? ck_messages_screen_admit(&s->screen, f, e) : CK_OK;
    if (st != CK_OK || refined_before(f))
        return st;
    st = find_planes(f, &at, e);
    return st == CK_OK ? settle_size(s, f, &at.rgb, &at.alpha_logits, &at.fg_logits, e) : st;
}

typedef struct choice {
    refine *s;
    ck_frame *f;
    const float *alpha_logits;
} choice;

static ck_status choose(void *ctx, const float *rgb, const unsigned char **blocks, ck_error *e)
{
    choice *c = ctx;
    return ck_sparse_choose(&c->s->sparse, c->f, rgb, c->alpha_logits, blocks, e);
}

static ck_status run_network(refine *s, ck_frame *f, planes *at, ck_error *e)
{
    const ck_refine_options *o = s->opts;
    choice which = {s, f, at->alpha_logits.data};
    ck_network_frame job = {.rgb = &at->rgb,
                            .alpha_logits = &at->alpha_logits,
                            .fg_logits = &at->fg_logits,
                            .alpha = &at->alpha,
                            .fg = &at->fg,
                            .choose = o->mode == CK_REFINE_SPARSE ? choose : NULL,
                            .ctx = &which};
    ck_status st = ck_network_run_frame(s->net, &job, o->network.time_layers, e);
    if (st != CK_OK && job.choose)
        ck_sparse_forget(&s->sparse);
    return st;
}

/* The same with green and blue exchanged in the input and in the foreground. */
static ck_status run_swapped(refine *s, ck_frame *f, planes *at, ck_error *e)
{
    planes turned = *at;
    ck_buffer *rgb = NULL, *logits = NULL;
    ck_status st = ck_channel_swap_copy(&at->rgb, &turned.rgb, &rgb, e);
    if (st == CK_OK)
        st = ck_channel_swap_copy(&at->fg_logits, &turned.fg_logits, &logits, e);
    if (st == CK_OK)
        st = run_network(s, f, &turned, e);
    ck_buffer_unref(rgb);
    ck_buffer_unref(logits);
    ck_channel_swap_here(&at->fg);
    return st;
}

static ck_status add_finals(const refine *s, ck_frame *f, planes *at, ck_error *e)
{
    ck_status st = ck_finals_add(f, s->h, s->w, &s->opts->finals, e);
    if (st != CK_OK)
        return st;
    at->alpha = *ck_frame_plane(f, "alpha");
    at->fg = *ck_frame_plane(f, "fg");
    return CK_OK;
}

static ck_status make_finals(refine *s, ck_frame *f, ck_error *e)
{
    const ck_refine_options *o = s->opts;
    planes at;
    ck_status st = find_planes(f, &at, e);
    if (st == CK_OK)
        st = add_finals(s, f, &at, e);
    if (st == CK_OK)
        st = (o->network.blue_as_green && ck_screen_blue(&s->screen, f) ? run_swapped : run_network)(s, f, &at, e);
    ck_frame_remove(f, "alpha_logits");
    ck_frame_remove(f, "fg_logits");
    return st == CK_OK ? ck_finals_finish(f, s->h, s->w, &o->finals, e) : st;
}

static ck_status refine_whole(refine *s, ck_frame *f, ck_error *e)
{
    ck_gamut_visit v;
    ck_status st = ck_gamut_enter(&s->gamut, f, &v, e);
    return ck_gamut_leave(&v, f, st == CK_OK ? make_finals(s, f, e) : st, e);
}

/* The region as a frame of its own, there and back. */
static ck_status refine_region(refine *s, ck_frame *f, const ck_crop *c, ck_error *e)
{
    const ck_refine_options *o = s->opts;
    ck_frame inside;
    bool keyed = ck_frame_plane(f, "key");
    if (o->memory && !s->regions)
        return ck_fail(e, CK_ERR_FORMAT,
                       "metadata 'region' came unannounced: --memory has no room for its planes: run "
                       "ck-infer --crop again, or leave --memory out");
    ck_status st = ck_crop_cut(f, c, &inside, e);
    if (st == CK_OK && (o->mode == CK_REFINE_SPARSE || (o->finals.detail && !keyed)))
        st = ck_crop_cut_plane(f, c, "hint", &inside, e);
    if (st == CK_OK && o->finals.detail)
        st = ck_crop_cut_plane(f, c, "key", &inside, e);
    if (st == CK_OK && o->mode == CK_REFINE_SPARSE)
        st = ck_crop_cut_map(f, c, &inside, e);
    if (st == CK_OK)
        st = refine_whole(s, &inside, e);
    if (st == CK_OK)
        st = ck_crop_paste(&inside, c, o->finals.native, f, e);
    if (st == CK_OK && o->map)
        st = ck_crop_paste_map(&inside, c, f, e);
    ck_frame_free(&inside);
    return st;
}

static ck_status refine_frame(void *state, ck_frame *f, ck_error *e)
{
    refine *s = state;
    ck_plane *rgb;
    ck_crop c;
    if (refined_before(f))
        return CK_OK;
    ck_status st = ck_frame_need(f, "rgb", 3, 0, &rgb, e);
    if (st == CK_OK)
        st = ck_crop_of(f, rgb, &c, e);
    if (st != CK_OK)
        return st;
    return c.w ? refine_region(s, f, &c, e) : refine_whole(s, f, e);
}

static ck_status report(void *state, ck_error *e)
{
    (void)e;
    const refine *s = state;
    if (s->net)
        ck_messages_done(s->net, s->opts->network.time_layers);
    if (s->net && s->opts->network.blue_as_green)
        ck_messages_screen_end(&s->screen);
    return CK_OK;
}

static void close_refine(void *state)
{
    refine *s = state;
    ck_network_close(s->net);
    ck_model_free(&s->model);
    ck_sparse_close(&s->sparse);
    free(s);
}

/* ---- one worker per device ---- */

/* Number of frames in work.  On the host all threads share one frame, because each frame's activations take much
 * memory. Sparse chooses blocks by the previous frame, so it also works on one frame at a time. */
static int at_once(const void *opts, int cores)
{
    const ck_refine_options *o = opts;
    (void)cores;
    return o->memory || o->mode == CK_REFINE_SPARSE ? 1 : ck_network_frames_at_once(o->network.device);
}

static const ck_stage worker = {.program = &ck_refine_program,
                                .open = open_refine,
                                .admit = admit,
                                .frame = refine_frame,
                                .finish = report,
                                .close = close_refine,
                                .threads = at_once};

static ck_status open_workers(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                              ck_error *e)
{
    const ck_refine_options *o = opts;
    ck_nn_devices devices;
    const char *names[CK_NN_DEVICES];
    ck_status st = ck_nn_devices_named(o->network.device, &devices, e);
    for (int i = 0; i < devices.n; i++)
        names[i] = devices.name[i];
    ck_worker_pool_spec of = {&worker, offsetof(ck_refine_options, network.device), devices.n, names};
    return st == CK_OK ? ck_worker_pool_open(&of, opts, args, head, first, state, e) : st;
}

static int one_a_device(const void *opts, int cores)
{
    return ck_nn_devices_count(((const ck_refine_options *)opts)->network.device) * at_once(opts, cores);
}

/* With --memory, no frame is read or written while another is processed. */
static int frames_at_once(const void *opts)
{
    const ck_refine_options *o = opts;
    return o->memory ? 1 : 0;
}

int main(int argc, char **argv)
{
    static const ck_stage stage = {.program = &ck_refine_program,
                                   .open = open_workers,
                                   .admit = ck_worker_pool_admit,
                                   .frame = ck_worker_pool_frame,
                                   .finish = ck_worker_pool_finish,
                                   .close = ck_worker_pool_close,
                                   .threads = one_a_device,
                                   .frames = frames_at_once};
    return ck_stage_main(&stage, argc, argv);
}
