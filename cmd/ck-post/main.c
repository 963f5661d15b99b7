/* ck-post: alpha, fg -> processed, comp. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ck-post/classical.h"
#include "ck-post/options.h"
#include "image/convert.h"
#include "image/despeckle.h"
#include "image/plate.h"
#include "image/post.h"
#include "shared/plate_messages.h"
#include "stream/depth.h"
#include "stream/stage.h"

#define FLOATS (1u << CK_F16 | 1u << CK_F32)

typedef struct post {
    const ck_post_program_options *opts;
    ck_post_options how; /* but for `blue`, which is the frame's */
    ck_screen_choice screen;
    ck_size size;
    ck_type type; /* of the planes that are made */
} post;

static ck_status open_post(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                           ck_error *e)
{
    const ck_post_program_options *o = opts;
    (void)args;
    post *s = calloc(1, sizeof *s);
    if (!s)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *state = s;
    s->opts = o;
    s->type = ck_depth_type(o->depth);
    s->how.despill = o->despill;
    s->how.mode = (ck_despill_mode)o->despill_mode;
    if (o->classical)
        ck_messages_plate(first);
    return ck_messages_screen(o->screen, head, first, &s->screen, e);
}

static ck_status admit(void *state, ck_frame *f, ck_error *e)
{
    post *s = state;
    ck_status st = ck_messages_size(&s->size, f, ck_frame_plane(f, "rgb") ? "rgb" : "alpha", e);
    return st == CK_OK ? ck_messages_screen_admit(&s->screen, f, e) : st;
}

static ck_status finish(void *state, ck_error *e)
{
    (void)e;
    const post *s = state;
    ck_messages_screen_end(&s->screen);
    return CK_OK;
}

static ck_status need_alpha(ck_frame *f, ck_plane *alpha, ck_plane *fg, ck_error *e)
{
    ck_plane *p;
    if (!ck_frame_plane(f, "alpha"))
        return ck_fail(e, CK_ERR_FORMAT,
                       "no plane 'alpha' in the stream: run ck-infer and ck-refine before it, or give --classical");
    ck_status s = ck_frame_need(f, "alpha", 1, FLOATS, &p, e);
    if (s != CK_OK)
        return s;
    *alpha = *p;
    if (!ck_frame_plane(f, "fg") && ck_frame_plane(f, "rgb"))
        return ck_fail(e, CK_ERR_FORMAT, "no plane 'fg' beside 'alpha' in the stream: --unmix makes it from the plate");
    s = ck_frame_need(f, "fg", 3, FLOATS, &p, e);
    if (s != CK_OK)
        return s;
    *fg = *p;
    if (!strcmp(fg->encoding, "linear"))
        return ck_fail(e, CK_ERR_UNSUPPORTED, "plane 'fg' is encoded as '%s': it must be sRGB-encoded, tagged 'srgb'",
                       fg->encoding);
    if (alpha->h != fg->h || alpha->w != fg->w)
        return ck_fail(e, CK_ERR_FORMAT, "plane 'alpha' is %d x %d but 'fg' %d x %d: take both from the same program",
                       alpha->w, alpha->h, fg->w, fg->h);
    return CK_OK;
}

/* The alpha to use, despeckled: a view of the plane's own data, or of *hold. */
static ck_status clean_alpha(const post *s, const ck_plane *alpha, const float **view, ck_buffer **hold, ck_error *e)
{
    *hold = NULL;
    *view = alpha->data;
    if (alpha->type == CK_F32 && !s->opts->despeckle)
        return CK_OK;
    size_t n = (size_t)alpha->h * (size_t)alpha->w;
    *hold = ck_buffer_new(n * sizeof(float));
    if (!*hold)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a matte of %d x %d", alpha->w, alpha->h);
    float *out = (*hold)->data;
    *view = out;
    const float *in = alpha->data;
    if (alpha->type != CK_F32) {
        ck_to_f32(alpha->data, alpha->type, out, n);
        in = out;
    }
    if (!s->opts->despeckle)
        return CK_OK;
    return ck_despeckle(in, alpha->h, alpha->w, (uint64_t)s->opts->despeckle, CK_DESPECKLE_GROW, CK_DESPECKLE_BLUR, out,
                        e);
}

static ck_status finish_frame(void *state, ck_frame *f, ck_error *e)
{
    const post *s = state;
    ck_plane alpha = {0}, fg = {0}, *p;
    ck_post_options how = s->how;
    how.blue = ck_screen_blue(&s->screen, f);
    ck_status st = s->opts->classical ? ck_classical_key(f, how.blue, s->type, e)
                   : s->opts->unmix   ? ck_classical_unmix(f, how.blue, s->type, e)
                                      : CK_OK;
    if (st == CK_OK)
        st = need_alpha(f, &alpha, &fg, e);
    /* Codes of curves that are not known here stay what they are, and what is made of them says so. */
    how.codes = st == CK_OK && !ck_plate_known(&fg);
    if (st == CK_OK)
        st = ck_frame_add(f, "processed", s->type, 4, alpha.h, alpha.w, how.codes ? fg.encoding : "linear", &p, e);
    if (st == CK_OK)
        st = ck_frame_add(f, "comp", CK_U8, 3, alpha.h, alpha.w, how.codes ? fg.encoding : "srgb", &p, e);
    if (st != CK_OK)
        return st;
    const float *view;
    ck_buffer *hold;
    st = clean_alpha(s, &alpha, &view, &hold, e);
    if (st == CK_OK)
        ck_post_frame(&how, view, fg.data, fg.type, alpha.h, alpha.w, ck_plane_data(ck_frame_plane(f, "processed")),
                      s->type, ck_plane_data(ck_frame_plane(f, "comp")));
    ck_buffer_unref(hold);
    return st;
}

int main(int argc, char **argv)
{
    static const ck_stage stage = {.program = &ck_post_program,
                                   .open = open_post,
                                   .admit = admit,
                                   .frame = finish_frame,
                                   .finish = finish,
                                   .close = free};
    return ck_stage_main(&stage, argc, argv);
}
