#include "key/screen.h"

#include <stdio.h>
#include <string.h>

#include "key/hsv.h"
#include "image/plate.h"

#define BLOCK 1024
#define PER_FRAME "frame" /* HEAD: see FRAME metadata */

typedef struct tally {
    uint64_t green, blue, all; /* saturations, weighted */
} tally;

/* n pixels of hsv (3,n), each counting `weight`. */
static void count(tally *t, const uint8_t *hsv, size_t n, unsigned weight)
{
    const uint8_t *h = hsv, *s = hsv + n, *v = hsv + 2 * n;
    uint64_t green = 0, blue = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned vivid = s[i] >= CK_HSV_MIN_S && v[i] >= CK_HSV_MIN_V ? s[i] : 0;
        green += h[i] >= CK_HSV_GREEN_LOW && h[i] <= CK_HSV_GREEN_HIGH ? vivid : 0;
        blue += h[i] >= CK_HSV_BLUE_LOW && h[i] <= CK_HSV_BLUE_HIGH ? vivid : 0;
    }
    t->green += green * weight;
    t->blue += blue * weight;
    t->all += n * 255 * weight;
}

static void count_span(tally *t, const uint8_t *rgb, size_t plane, size_t from, size_t to, unsigned weight)
{
    uint8_t hsv[3 * BLOCK];
    for (size_t i = from; i < to; i += BLOCK) {
        size_t n = to - i < BLOCK ? to - i : BLOCK;
        ck_hsv(rgb + i, plane, hsv, n);
        count(t, hsv, n, weight);
    }
}

ck_screen_guess ck_screen_of(const uint8_t *rgb, int h, int w)
{
    tally t = {0};
    size_t width = (size_t)w, plane = (size_t)h * width, side = width / 8;
    for (int y = 0; y < h; y++) {
        size_t row = (size_t)y * width;
        bool edge = y < h / 8 || y >= h - h / 8;
        count_span(&t, rgb, plane, row, row + side, 2);
        count_span(&t, rgb, plane, row + side, row + width - side, edge ? 2 : 1);
        count_span(&t, rgb, plane, row + width - side, row + width, 2);
    }
    ck_screen_guess g = {.green_part = (double)t.green / (double)t.all, .blue_part = (double)t.blue / (double)t.all};
    g.blue = g.blue_part > g.green_part;
    g.found = (g.blue ? g.blue_part : g.green_part) >= 0.002;
    if (!g.found)
        g.blue = false;
    return g;
}

const char *ck_screen_name(bool blue)
{
    return blue ? "blue" : "green";
}

static ck_status look_by_hand(ck_screen_choice *c, const ck_frame *f, const ck_plane *rgb, ck_error *e)
{
    float colour[3];
    ck_status s = ck_hand_colour(c->hand, rgb, colour, e);
    if (s != CK_OK)
        return s;
    c->decided = true;
    c->blue = ck_hand_blue(colour);
    snprintf(c->why, sizeof c->why, "screen %s: decided on frame %ld by the given colour", ck_screen_name(c->blue),
             ck_frame_number(f));
    return CK_OK;
}

/* Decide by the looks of a frame, if it has a plate and that a screen. */
static ck_status look_inside(ck_screen_choice *c, ck_frame *f, ck_error *e)
{
    const ck_plane *rgb = ck_frame_error(f) ? NULL : ck_frame_plane(f, "rgb");
    const uint8_t *view;
    ck_buffer *hold;
    if (!rgb || rgb->c != 3 || rgb->type == CK_OTHER)
        return CK_OK;
    if (c->hand)
        return look_by_hand(c, f, rgb, e);
    ck_status s = ck_plate_u8(rgb, &view, &hold, e);
    if (s != CK_OK)
        return s;
    ck_screen_guess g = ck_screen_of(view, rgb->h, rgb->w);
    ck_buffer_unref(hold);
    c->decided = g.found;
    c->blue = g.blue;
    snprintf(c->why, sizeof c->why, "screen %s: decided on frame %ld (green %.3f, blue %.3f)", ck_screen_name(g.blue),
             ck_frame_number(f), g.green_part, g.blue_part);
    return CK_OK;
}

static ck_status look(ck_screen_choice *c, ck_frame *f, ck_error *e)
{
    ck_gamut_visit v;
    ck_status s = ck_gamut_enter(&c->gamut, f, &v, e);
    return ck_gamut_leave(&v, f, s == CK_OK ? look_inside(c, f, e) : s, e);
}

/* "green" and "blue" decide. */
static void take_word(ck_screen_choice *c, const char *said)
{
    bool blue = said && !strcmp(said, ck_screen_name(true));
    if (!blue && (!said || strcmp(said, ck_screen_name(false))))
        return;
    c->decided = true;
    c->blue = blue;
    snprintf(c->why, sizeof c->why, "screen %s: decided upstream", said);
}

static ck_status decide(int asked, const ck_meta *head, ck_frame *first, ck_screen_choice *c, ck_error *e)
{
    const char *said = c->hand ? NULL : ck_meta_get(head, "screen");
    c->upstream = said && !strcmp(said, PER_FRAME);
    take_word(c, said);
    if (asked != CK_SCREEN_AUTO) {
        c->decided = true;
        c->blue = asked == CK_SCREEN_BLUE;
        snprintf(c->why, sizeof c->why, "screen %s: given by --screen", ck_screen_name(c->blue));
    }
    if (c->decided || c->upstream)
        return CK_OK;
    if (first)
        return look(c, first, e);
    c->decided = true;
    snprintf(c->why, sizeof c->why, "screen green: no frames");
    return CK_OK;
}

ck_status ck_screen_choose(int asked, const ck_hand *hand, ck_meta *head, ck_frame *first, ck_screen_choice *out,
                           ck_error *e)
{
    *out = (ck_screen_choice){.hand = hand && (hand->colour || hand->spot) ? hand : NULL};
    ck_gamut_of(ck_meta_get(head, "primaries"), &out->gamut);
    ck_status s = decide(asked, head, first, out, e);
    out->at_open = out->decided;
    return s == CK_OK ? ck_meta_set(head, "screen", out->decided ? ck_screen_name(out->blue) : PER_FRAME, e) : s;
}

ck_status ck_screen_admit(ck_screen_choice *c, ck_frame *f, bool *now, ck_error *e)
{
    ck_status s = CK_OK;
    *now = !c->at_open && !c->decided;
    if (c->at_open)
        return CK_OK;
    if (!c->decided && !c->hand)
        take_word(c, ck_meta_get(&f->meta, "screen"));
    if (!c->decided && !c->upstream)
        s = look(c, f, e);
    *now &= c->decided;
    return s == CK_OK && c->decided ? ck_meta_set(&f->meta, "screen", ck_screen_name(c->blue), e) : s;
}

bool ck_screen_blue(const ck_screen_choice *c, const ck_frame *f)
{
    if (c->at_open)
        return c->blue;
    const char *said = ck_meta_get(&f->meta, "screen");
    return said && !strcmp(said, ck_screen_name(true));
}
