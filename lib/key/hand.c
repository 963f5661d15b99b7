#include "key/hand.h"

#include <stdlib.h>
#include <string.h>

#include "image/colour.h"
#include "key/part.h"

#define OTHERS 1.5f /* the other channels relative to it, at most: yellow and cyan pass, red does not */

/* Numbers with commas between them.  Returns how many, 0 if the text is anything else or has more than `most`. */
static int numbers(const char *text, int most, double *v)
{
    /* strtod also takes spaces, "0x", "inf" and "nan": none of them is meant. */
    if (strspn(text, "0123456789.,") != strlen(text))
        return 0;
    for (int n = 0; n < most; n++) {
        char *end;
        v[n] = strtod(text, &end);
        if (end == text || (*end && *end != ','))
            return 0;
        if (!*end)
            return n + 1;
        text = end + 1;
    }
    return 0;
}

static ck_status parse_colour(const char *text, ck_hand *out, ck_error *e)
{
    double v[3];
    bool good = numbers(text, 3, v) == 3;
    for (int c = 0; c < 3 && good; c++)
        good = v[c] <= 255;
    if (!good)
        return ck_fail(e, CK_ERR_ARGUMENT, "--screen-colour '%s': give R,G,B, each from 0 to 255", text);
    for (int c = 0; c < 3; c++)
        out->rgb[c] = (float)(v[c] / 255);
    ck_srgb_to_linear(out->rgb, out->rgb, 3);
    out->colour = true;
    return CK_OK;
}

static ck_status parse_spot(const char *text, ck_hand *out, ck_error *e)
{
    double v[3] = {0, 0, CK_HAND_RADIUS};
    int n = strchr(text, '.') ? 0 : numbers(text, 3, v);
    if (n < 2 || v[0] >= CK_MAX_SIDE || v[1] >= CK_MAX_SIDE || v[2] > CK_HAND_RADIUS_MAX)
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "--screen-at '%s': give X,Y or X,Y,R, whole pixels, X and Y from the top left, R at most %d",
                       text, CK_HAND_RADIUS_MAX);
    out->x = (int)v[0], out->y = (int)v[1], out->r = (int)v[2];
    out->spot = true;
    return CK_OK;
}

ck_status ck_hand_parse(const char *colour, const char *spot, ck_hand *out, ck_error *e)
{
    *out = (ck_hand){0};
    if (colour && spot)
        return ck_fail(e, CK_ERR_ARGUMENT, "--screen-colour and --screen-at both name the screen's colour: choose one");
    return colour ? parse_colour(colour, out, e) : spot ? parse_spot(spot, out, e) : CK_OK;
}

/* The spot's pixels of row y; v: three runs of `room` samples with n each in use.  Returns their new number. */
static size_t take_row(const ck_hand *s, const ck_plane *rgb, int y, float *v, size_t room, size_t n)
{
    float lin[3 * (2 * CK_HAND_RADIUS_MAX + 1)];
    int dy = y - s->y, half = 0;
    while ((half + 1) * (half + 1) + dy * dy <= s->r * s->r)
        half++;
    int x0 = s->x - half > 0 ? s->x - half : 0, x1 = s->x + half + 1 < rgb->w ? s->x + half + 1 : rgb->w;
    size_t m = (size_t)(x1 - x0);
    ck_key_row(rgb, y, x0, m, lin, m);
    for (size_t c = 0; c < 3; c++)
        memcpy(v + c * room + n, lin + c * m, m * sizeof *v);
    return n + m;
}

ck_status ck_hand_colour(const ck_hand *hand, const ck_plane *rgb, float out[3], ck_error *e)
{
    memcpy(out, hand->rgb, sizeof hand->rgb);
    if (!hand->spot)
        return CK_OK;
    if (hand->x >= rgb->w || hand->y >= rgb->h)
        return ck_fail(e, CK_ERR_FORMAT, "--screen-at %d,%d is outside the plate of %d x %d", hand->x, hand->y, rgb->w,
                       rgb->h);
    size_t side = 2 * (size_t)hand->r + 1, room = side * side, n = 0;
    ck_buffer *buf = ck_buffer_new(3 * room * sizeof(float));
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the spot of --screen-at");
    for (int y = hand->y - hand->r > 0 ? hand->y - hand->r : 0; y <= hand->y + hand->r && y < rgb->h; y++)
        n = take_row(hand, rgb, y, buf->data, room, n);
    for (size_t c = 0; c < 3; c++)
        out[c] = ck_key_median((float *)buf->data + c * room, n);
    ck_buffer_unref(buf);
    return CK_OK;
}

ck_status ck_hand_check(const float rgb[3], bool blue, ck_error *e)
{
    ck_key_axes ax = ck_key_axes_of(blue);
    float m = rgb[ax.m], enc[3];
    if (m >= CK_KEY_DARK && rgb[ax.u] <= OTHERS * m && rgb[ax.v] <= OTHERS * m)
        return CK_OK;
    ck_linear_to_srgb(rgb, enc, 3);
    return ck_fail(e, CK_ERR_FORMAT, "the colour %.0f,%.0f,%.0f (0 to 255) is not a %s screen's: %s",
                   (double)enc[0] * 255, (double)enc[1] * 255, (double)enc[2] * 255, blue ? "blue" : "green",
                   m < CK_KEY_DARK ? "it is too dark" : "it has more of another hue");
}
