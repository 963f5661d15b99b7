/* ck-hint: rgb -> hint, key. */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "ck-hint/options.h"
#include "key/hint.h"
#include "key/key.h"
#include "image/plate.h"
#include "shared/plate_messages.h"
#include "stream/stage.h"

typedef struct hinter {
    const ck_hint_options *opts;
    ck_screen_choice screen;
    ck_hand hand;
    ck_gamut gamut;
    ck_size size;
    atomic_bool missed; /* a frame without the colour of --screen-colour or --screen-at was reported */
} hinter;

static ck_status open_hint(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                           ck_error *e)
{
    const ck_hint_options *o = opts;
    (void)args;
    hinter *s = calloc(1, sizeof *s);
    if (!s)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *state = s;
    s->opts = o;
    ck_gamut_of(ck_meta_get(head, "primaries"), &s->gamut);
    ck_status st = ck_hand_parse(o->screen_colour, o->screen_at, &s->hand, e);
    if (st != CK_OK)
        return st;
    ck_messages_plate(first);
    return ck_messages_screen(o->screen, &s->hand, head, first, &s->screen, e);
}

static ck_status admit(void *state, ck_frame *f, ck_error *e)
{
    hinter *s = state;
    ck_status st = ck_messages_size(&s->size, f, "rgb", e);
    return st == CK_OK ? ck_messages_screen_admit(&s->screen, f, e) : st;
}

static ck_status finish(void *state, ck_error *e)
{
    (void)e;
    const hinter *s = state;
    ck_messages_screen_end(&s->screen);
    return CK_OK;
}

/* Method hsv; the published recipe works on 8 bits. */
static ck_status by_hue(const hinter *s, ck_frame *f, const ck_plane *rgb, ck_error *e)
{
    const uint8_t *view;
    ck_buffer *hold;
    ck_plane *hint;
    ck_status st = ck_plate_u8(rgb, &view, &hold, e);
    if (st == CK_OK)
        st = ck_frame_add(f, "hint", CK_U8, 1, rgb->h, rgb->w, "", &hint, e);
    if (st == CK_OK)
        st = ck_hint_hsv(view, rgb->h, rgb->w, ck_screen_blue(&s->screen, f), ck_plane_data(hint), e);
    ck_buffer_unref(hold);
    return st;
}

static ck_status find_screen(hinter *s, ck_frame *f, const ck_plane *rgb, ck_key_screen *out, ck_error *e)
{
    bool blue = ck_screen_blue(&s->screen, f), named = s->hand.colour || s->hand.spot;
    float colour[3];
    ck_status st = CK_OK;
    if (named)
        st = ck_hand_colour(&s->hand, rgb, colour, e);
    if (st == CK_OK && named)
        st = ck_hand_check(colour, blue, e);
    if (st == CK_OK)
        st = ck_key_find(f, rgb, blue, named ? colour : NULL, out, e);
    if (st == CK_OK && named && !out->grid && !atomic_exchange(&s->missed, true))
        ck_log_warning("frame %ld: almost no pixel has the given screen colour: its matte is 1 everywhere",
                       ck_frame_number(f));
    return st;
}

/* Add the clean plate and its noise for downstream stages. */
static ck_status pass_screen(ck_frame *f, const ck_plane *rgb, const ck_key_screen *k, ck_error *e)
{
    ck_plane *clean;
    ck_status st = ck_meta_setf(&f->meta, e, "noise", "%.9g,%.9g,%.9g", (double)k->sigma[0], (double)k->sigma[1],
                                (double)k->sigma[2]);
    if (st != CK_OK || ck_frame_plane(f, "clean"))
        return st;
    st = ck_frame_add(f, "clean", CK_F16, 3, ck_key_clean_side(rgb->h), ck_key_clean_side(rgb->w), "linear", &clean, e);
    return st == CK_OK ? ck_key_clean(k, clean, e) : st;
}

/* Method key, which estimates the screen's colour instead of taking a range of hues. */
static ck_status by_key(hinter *s, ck_frame *f, const ck_plane *rgb, const char *name, ck_error *e)
{
    ck_key_screen screen = {0};
    ck_plane *matte;
    ck_status st = find_screen(s, f, rgb, &screen, e);
    if (st == CK_OK)
        st = ck_frame_add(f, name, CK_F32, 1, rgb->h, rgb->w, "", &matte, e);
    if (st == CK_OK)
        st = ck_key_matte(rgb, &screen, ck_plane_data(matte), e);
    if (st == CK_OK && screen.grid)
        st = pass_screen(f, rgb, &screen, e);
    ck_key_screen_free(&screen);
    return st;
}

static ck_status make_hint(hinter *s, ck_frame *f, ck_error *e)
{
    const ck_hint_options *o = s->opts;
    bool wanted = o->replace || !ck_frame_plane(f, "hint");
    ck_plane *p;
    if (!wanted && !o->with_key)
        return CK_OK;
    ck_status st = ck_frame_need(f, "rgb", 3, 0, &p, e);
    if (st != CK_OK)
        return st;
    ck_plane rgb = *p; /* p moves when planes are added */
    if (o->with_key)
        st = by_key(s, f, &rgb, "key", e);
    if (st != CK_OK || !wanted)
        return st;
    if (o->method == CK_HINT_HSV)
        return by_hue(s, f, &rgb, e);
    return o->with_key ? ck_frame_share(f, "key", "hint", e) : by_key(s, f, &rgb, "hint", e);
}

static ck_status hint_frame(void *state, ck_frame *f, ck_error *e)
{
    hinter *s = state;
    ck_gamut_visit v;
    ck_status st = ck_gamut_enter(&s->gamut, f, &v, e);
    return ck_gamut_leave(&v, f, st == CK_OK ? make_hint(s, f, e) : st, e);
}

int main(int argc, char **argv)
{
    static const ck_stage stage = {.program = &ck_hint_program,
                                   .open = open_hint,
                                   .admit = admit,
                                   .frame = hint_frame,
                                   .finish = finish,
                                   .close = free,
                                   .frames = ck_stage_workers};
    return ck_stage_main(&stage, argc, argv);
}
