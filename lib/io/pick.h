/* The last step of every still reader: from decoded rows to the plane wanted.
 *
 *     ck_pick k;
 *     ck_pick_open(&k, f, "rgb", want, type, channels, w, h, encoding, e)   adds the plane
 *     ck_pick_row(&k, y, x, n, &row)                                        for every row or piece of one
 *     s = ck_pick_end(&k, f, "rgb", s, e)                                   always, once open has succeeded
 *
 * CK_WANT_RGB: 3 channels in the type of the file, the encoding as given.
 * CK_WANT_ALL: the channels of the rows, likewise.
 * Masks: 1 channel, u8 from u8, else f32 (u16 / 65535).  Luminance is rounded to the file's own steps where it
 * has any, so that a grey picture gives the same mask whether it was stored as grey or as RGB.  A mask has no
 * encoding.
 * CK_WANT_HINT takes alpha where it varies.  A picture that is constant in alpha and luminance is alpha too, unless
 * it is opaque: the empty frame of a sequence of cut-outs stays empty. */
#ifndef CK_IO_PICK_H
#define CK_IO_PICK_H

#include "io/still.h"

typedef struct ck_pick {
    ck_want want;
    ck_type type; /* of the rows */
    int w, h;
    int colours;      /* of the plane: 1 or 3; a mask has 1 */
    bool alpha_last;  /* CK_WANT_ALL: a channel of alpha follows them */
    void *data_view;  /* the plane's: (c,h,w) of `type`, or a mask's (1,h,w) of u8 or f32 */
    ck_buffer *alpha; /* CK_WANT_HINT: alpha as the plane would hold it, or NULL; owned */
} ck_pick;

/* Samples of one row in the byte order of the machine, aligned to their size. */
typedef struct ck_row {
    const void *r, *g, *b; /* the first sample of each; g and b NULL: r is grey */
    int step;              /* samples from one pixel to the next, at least 1 */
    const void *a;         /* alpha; needed unless the want is CK_WANT_RGB, where open was told that there is one */
} ck_row;

/* channels: of the rows: 1 grey, 3 RGB, and one more where there is alpha. */
ck_status ck_pick_open(ck_pick *k, ck_frame *f, const char *name, ck_want want, ck_type type, int channels, int w,
                       int h, const char *encoding, ck_error *e);

/* Pixels x to x+n-1 of row y, which must lie inside the picture.  Different rows may be given at once
 * from different threads. */
void ck_pick_row(const ck_pick *k, int y, int x, int n, const ck_row *row);

/* s: the outcome of decoding.  CK_OK: choose between alpha and luminance, and set `hint-channel`.  Otherwise remove
 * the plane.  Returns s, or an error of its own. */
ck_status ck_pick_end(ck_pick *k, ck_frame *f, const char *name, ck_status s, ck_error *e);

#endif
