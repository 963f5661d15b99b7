/* ck-matte: alpha -> alpha, coverage. */
#include <stdlib.h>

#include "ck-matte/options.h"
#include "image/matte.h"
#include "shared/plate_messages.h"
#include "stream/depth.h"
#include "stream/stage.h"

typedef struct matte {
    const ck_matte_program_options *opts;
    ck_matte_options how;
    ck_size size;
} matte;

static ck_status open_matte(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                            ck_error *e)
{
    const ck_matte_program_options *o = opts;
    (void)args;
    (void)head;
    (void)first;
    matte *s = calloc(1, sizeof *s);
    if (!s)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *state = s;
    s->opts = o;
    s->how = (ck_matte_options){.black = o->black,
                                .white = o->white,
                                .gamma = o->gamma,
                                .fill = (uint64_t)o->fill,
                                .specks = (uint64_t)o->specks,
                                .grow = o->grow,
                                .soften = o->soften};
    return CK_OK;
}

static ck_status admit(void *state, ck_frame *f, ck_error *e)
{
    matte *s = state;
    return ck_messages_size(&s->size, f, s->opts->from ? "rgb" : "alpha", e);
}

static ck_status change(void *state, ck_frame *f, ck_error *e)
{
    const matte *s = state;
    ck_type type = ck_depth_type(s->opts->depth);
    if (!s->opts->from && !ck_frame_plane(f, "alpha"))
        return ck_fail(e, CK_ERR_FORMAT,
                       "no plane 'alpha' in the stream: add ck-infer and ck-refine upstream, or give --from hint");
    ck_status st = s->opts->from ? ck_matte_from(f, s->opts->from, type, e) : CK_OK;
    return st == CK_OK ? ck_matte_change(f, &s->how, type, e) : st;
}

int main(int argc, char **argv)
{
    static const ck_stage stage = {
        .program = &ck_matte_program, .open = open_matte, .admit = admit, .frame = change, .close = free};
    return ck_stage_main(&stage, argc, argv);
}
