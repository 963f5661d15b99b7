/* Pixels of the plate that may be bare screen, one in some: a screen has one chromaticity and any brightness, so the
 * densest spot of their chromaticities is the screen, wherever in the frame it is. */
#ifndef CK_KEY_PROBE_H
#define CK_KEY_PROBE_H

#include "key/part.h"

#define CK_KEY_WINDOW 0.8 /* side of the square of chromaticities that is looked at */

/* Chromaticity: the two other channels relative to the screen's own, in linear light. */
typedef struct ck_key_probe {
    float m, u, v; /* brightness, chromaticity; m is 0 once the probe is found to be no screen */
    int x, y;      /* place in the plate */
    int bin;       /* of the window, by chromaticity */
} ck_key_probe;

typedef struct ck_key_probes {
    ck_key_probe *p;
    size_t n, all; /* those in the window, and all pixels looked at */
    ck_buffer *buf;
} ck_key_probes;

/* Corner of the window, the lower end of both sides. */
typedef struct ck_key_window {
    double u, v;
} ck_key_window;

/* The window around a colour in linear light whose screen channel is above 0. */
ck_key_window ck_key_window_around(const float c[3], ck_key_axes ax);

/* Probes of the plate in reading order.  The window is `win`, or for NULL around the local colour of s, which then has
 * its grid.  ck_buffer_unref(out->buf) in any case. */
ck_status ck_key_probe_plate(const ck_plane *rgb, const ck_key_screen *s, const ck_key_window *win, ck_key_probes *out,
                             ck_error *e);

/* Keep the screen's probes and set the m of the others to 0: those of the highest hill of the window, or with
 * `middle` of the hill in the window's middle.  Returns the part of all pixels that is kept, 0…1. */
float ck_key_probes_select(ck_key_probes *s, bool middle);

/* b: the local screen colour at p.  row (3,w) keeps the screen's row *last, which is -1 at first. */
static inline void ck_key_probe_screen(const ck_key_screen *k, const ck_key_probe *p, float *row, int *last, float b[3])
{
    if (p->y != *last)
        ck_key_screen_row(k, *last = p->y, k->w, row);
    for (size_t c = 0; c < 3; c++)
        b[c] = row[c * (size_t)k->w + (size_t)p->x];
}

/* sigma and seen of a screen that has its grid and mean. */
ck_status ck_key_measure(const ck_plane *rgb, const ck_key_probes *s, ck_key_screen *k, ck_error *e);

#endif
