/* ck-infer: rgb, hint -> alpha_logits, fg_logits. */
#include <stdlib.h>

#include "base/log.h"
#include "ck-infer/options.h"
#include "image/plate.h"
#include "model/input.h"
#include "model/load.h"
#include "nn/report.h"
#include "stream/stage.h"

typedef struct infer {
    ck_network *net;
    int h, w;
    ck_buffer *input; /* planar [4][h][w]: normalised rgb, hint */
} infer;

static ck_status open_network(infer *s, const ck_infer_options *o, ck_error *e)
{
    ck_model m;
    ck_status st = ck_model_load(o->model, o->heads, CK_PART_ENCODER | CK_PART_DECODERS, &m, e);
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
                              .infer = true};
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

static ck_status open_infer(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                            ck_error *e)
{
    (void)args;
    (void)head;
    infer *s = calloc(1, sizeof *s);
    if (!s)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *state = s;
    const ck_plane *rgb = first ? ck_frame_plane(first, "rgb") : NULL;
    if (rgb && !ck_plate_known(rgb->encoding))
        ck_log_error("plane 'rgb' is encoded as '%s', which is taken as sRGB display values", rgb->encoding);
    ck_status st = open_network(s, opts, e);
    if (st != CK_OK)
        return st;
    s->input = ck_buffer_new(4 * sizeof(float) * (size_t)s->h * (size_t)s->w);
    return s->input ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a picture of %d x %d", s->w, s->h);
}

static ck_status infer_frame(void *state, ck_frame *f, ck_error *e)
{
    infer *s = state;
    ck_plane *rgb, *hint, *p;
    float *picture = s->input->data, *coverage = picture + 3 * (size_t)s->h * (size_t)s->w;
    ck_status st = ck_frame_need(f, "rgb", 3, 0, &rgb, e);
    if (st == CK_OK)
        st = ck_input_rgb(rgb, s->h, s->w, picture, e);
    if (st == CK_OK)
        st = ck_frame_need(f, "hint", 1, 0, &hint, e);
    if (st == CK_OK)
        st = ck_input_hint(hint, s->h, s->w, coverage, e);
    if (st == CK_OK)
        st = ck_frame_add(f, "alpha_logits", CK_F32, 1, s->h / 4, s->w / 4, "", &p, e);
    if (st == CK_OK)
        st = ck_frame_add(f, "fg_logits", CK_F32, 3, s->h / 4, s->w / 4, "", &p, e);
    if (st != CK_OK)
        return st;
    ck_network_io io = {.rgb = picture,
                        .hint = coverage,
                        .alpha_logits = ck_frame_plane(f, "alpha_logits")->data,
                        .fg_logits = ck_frame_plane(f, "fg_logits")->data};
    return ck_network_run(s->net, &io, ck_log_verbose(), e);
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
    ck_buffer_unref(s->input);
    free(s);
}

/* The threads work together on one frame: its activations are what takes memory. */
static int one_frame(const void *opts, int cores)
{
    (void)opts;
    (void)cores;
    return 1;
}

int main(int argc, char **argv)
{
    static const ck_stage stage = {.program = &ck_infer_program,
                                   .open = open_infer,
                                   .frame = infer_frame,
                                   .finish = report,
                                   .close = close_infer,
                                   .threads = one_frame};
    return ck_stage_main(&stage, argc, argv);
}
