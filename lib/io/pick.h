/* Last step of every still reader: from decoded rows to the wanted plane.
 *
 *     ck_pick k;
 *     ck_pick_open(&k, f, "rgb", want, type, channels, w, h, encoding, e)   adds the plane
 *     ck_pick_row(&k, y, x, n, &row)                                        for every row or part of a row
 *     s = ck_pick_end(&k, f, "rgb", s, e)                                   always, once open has succeeded
 *
 * CK_WANT_RGB: 3 channels in the file's type and encoding.
 *
 * CK_WANT_ALL: the channels of the rows, likewise.
 *
 * Masks: 1 channel without encoding; u8 from u8, else f32 (u16: code / 65535).  Luminance of integer codes is rounded
 * to a code, so a grey picture gives the same mask stored as grey or as RGB.
 *
 * CK_WANT_HINT: alpha if it varies, else luminance.  If both are constant, alpha, unless it is opaque: the empty frame
 * of a sequence of cut-outs stays empty. */
#ifndef CK_IO_PICK_H
#define CK_IO_PICK_H

#include <stdatomic.h>

#include "io/still.h"

typedef struct ck_pick {
    ck_want want;
    ck_type type; /* of the rows */
    int w, h;
    int colours;          /* channels of the plane without alpha: 1 or 3; a mask has 1 */
    bool alpha_last;      /* CK_WANT_ALL: an alpha channel follows them */
    void *data_view;      /* the plane's data: [c, h, w] of `type`, or a mask [1, h, w] of u8 or f32 */
    ck_buffer *alpha;     /* CK_WANT_HINT: alpha in the plane's format, or NULL; owned */
    atomic_size_t finite; /* pixels stored without NaN or infinity, unless it is a mask */
} ck_pick;

/* Samples of one row, native byte order, aligned to their size. */
typedef struct ck_row {
    const void *r, *g, *b; /* first sample of each channel; g and b NULL: r is grey */
    int step;              /* samples between pixels, at least 1 */
    const void *a;         /* alpha; required if ck_pick_open was told of it, except for CK_WANT_RGB */
} ck_row;

/* channels of the rows: 1 (grey) or 3 (RGB), plus 1 for alpha. */
ck_status ck_pick_open(ck_pick *k, ck_frame *f, const char *name, ck_want want, ck_type type, int channels, int w,
                       int h, const char *encoding, ck_error *e);

/* Store pixels x to x+n-1 of row y, all inside the picture.  Thread-safe for different rows. */
void ck_pick_row(const ck_pick *k, int y, int x, int n, const ck_row *row);

/* The alternative for a decoder that can store whole rows of three colours itself: the place of sample x, y of colour
 * c, with k->w samples from one row to the next; then ck_pick_stored for every row or part of a row.  NULL if rows have
 * to be converted, or the plane is not of three channels. */
void *ck_pick_place(const ck_pick *k, int c, int y, int x);
void ck_pick_stored(const ck_pick *k, int y, int x, int n);

/* s: the result of decoding.  CK_OK: choose between alpha and luminance, and set `hint-channel`.  Else remove the
 * plane.  Returns s, or an error of its own. */
ck_status ck_pick_end(ck_pick *k, ck_frame *f, const char *name, ck_status s, ck_error *e);

#endif
