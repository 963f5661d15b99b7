/* ck-synth: test shots whose truth is known. */
#include <stdlib.h>

#include "ck-synth/options.h"
#include "ck-synth/synth.h"
#include "stream/stage.h"

typedef struct synth {
    ck_synth shot;
    int frames, next;
} synth;

static ck_status open_synth(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                            ck_error *e)
{
    (void)args;
    (void)first;
    const ck_synth_options *o = opts;
    synth *s = *state = calloc(1, sizeof *s);
    if (!s)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    s->shot = (ck_synth){o->size.w, o->size.h, (uint64_t)o->seed, o->blue};
    s->frames = o->frames;
    ck_status st = ck_meta_setf(head, e, "source", "synth:%d%s", o->seed, o->blue ? ":blue" : "");
    if (st == CK_OK)
        st = ck_meta_setf(head, e, "width", "%d", o->size.w);
    if (st == CK_OK)
        st = ck_meta_setf(head, e, "height", "%d", o->size.h);
    if (st == CK_OK)
        st = ck_meta_set(head, "rate", "24/1", e);
    if (st == CK_OK)
        st = ck_meta_setf(head, e, "frames", "%d", o->frames);
    if (st == CK_OK)
        st = ck_meta_set(head, "transfer", "srgb", e);
    return st == CK_OK ? ck_meta_set(head, "primaries", "bt709", e) : st;
}

static ck_status produce(void *state, ck_frame *f, ck_error *e)
{
    synth *s = state;
    if (s->next == s->frames)
        return CK_END;
    int n = s->next++;
    ck_status st = ck_meta_setf(&f->meta, e, "pts", "%.9g", n / 24.0);
    if (st == CK_OK)
        st = ck_meta_setf(&f->meta, e, "number", "%d", n);
    return st == CK_OK ? ck_meta_setf(&f->meta, e, "stem", "%05d", n) : st;
}

static ck_status draw(void *state, ck_frame *f, ck_error *e)
{
    const ck_synth *shot = &((synth *)state)->shot;
    ck_plane *p;
    void *data[3];
    static const struct {
        const char *name, *encoding;
        ck_type type;
        int c;
    } planes[] = {{"rgb", "srgb", CK_U8, 3}, {"true_alpha", "", CK_F32, 1}, {"true_fg", "srgb", CK_F32, 3}};
    for (int i = 0; i < 3; i++) {
        ck_status st =
            ck_frame_add(f, planes[i].name, planes[i].type, planes[i].c, shot->h, shot->w, planes[i].encoding, &p, e);
        if (st != CK_OK)
            return st;
        data[i] = ck_plane_data(p);
    }
    return ck_synth_draw(shot, (int)ck_meta_int(&f->meta, "number", 0, 1L << 31, 0), data[0], data[1], data[2], e);
}

int main(int argc, char **argv)
{
    static const ck_stage stage = {
        .program = &ck_synth_program, .open = open_synth, .produce = produce, .frame = draw, .close = free};
    return ck_stage_main(&stage, argc, argv);
}
