#include "key/screen.h"

#include <stdio.h>
#include <string.h>

#include "key/hsv.h"
#include "image/plate.h"

#define BLOCK 1024

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

static ck_status look(const ck_plane *rgb, ck_screen_choice *c, ck_error *e)
{
    const uint8_t *view;
    ck_buffer *hold;
    ck_status s = ck_plate_u8(rgb, &view, &hold, e);
    if (s != CK_OK)
        return s;
    ck_screen_guess g = ck_screen_of(view, rgb->h, rgb->w);
    ck_buffer_unref(hold);
    c->blue = g.blue;
    c->doubtful = !g.found;
    if (g.found)
        snprintf(c->why, sizeof c->why, "screen %s: decided on the first frame (green %.3f, blue %.3f)",
                 g.blue ? "blue" : "green", g.green_part, g.blue_part);
    else
        snprintf(c->why, sizeof c->why,
                 "hardly a pixel of the first frame is green or blue as screens are, green is assumed: say --screen");
    return CK_OK;
}

static ck_status decide(int asked, const ck_meta *head, ck_frame *first, ck_screen_choice *c, ck_error *e)
{
    const char *said = ck_meta_get(head, "screen");
    bool says_blue = said && !strcmp(said, "blue"), says_green = said && !strcmp(said, "green");
    const ck_plane *rgb = first && !ck_frame_error(first) ? ck_frame_plane(first, "rgb") : NULL;
    if (asked != CK_SCREEN_AUTO) {
        c->blue = asked == CK_SCREEN_BLUE;
        snprintf(c->why, sizeof c->why, "screen %s: as asked", c->blue ? "blue" : "green");
    } else if (says_blue || says_green) {
        c->blue = says_blue;
        snprintf(c->why, sizeof c->why, "screen %s: as the stream says", said);
    } else if (rgb && rgb->c == 3 && rgb->type != CK_OTHER) {
        return look(rgb, c, e);
    } else {
        c->doubtful = first != NULL;
        snprintf(c->why, sizeof c->why,
                 "nothing says which screen it is, and the first frame has no plate to look at: "
                 "green is assumed: say --screen");
    }
    return CK_OK;
}

ck_status ck_screen_choose(int asked, ck_meta *head, ck_frame *first, ck_screen_choice *out, ck_error *e)
{
    *out = (ck_screen_choice){0};
    ck_status s = decide(asked, head, first, out, e);
    return s == CK_OK ? ck_meta_set(head, "screen", out->blue ? "blue" : "green", e) : s;
}
