/* Is it a green screen or a blue one? */
#ifndef CK_KEY_SCREEN_H
#define CK_KEY_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "base/status.h"
#include "image/gamut.h"
#include "key/hand.h"
#include "stream/frame.h"

/* The evidence: every pixel in a screen's HSV range counts for it by its saturation, since screens
 * are purer in colour than jeans, skies and leaves; twice in the outer eighth of the frame on each
 * side, since a screen is behind the subject and reaches the edges. */
typedef struct ck_screen_guess {
    bool blue;
    bool found; /* false: less than 1/500 of the frame speaks for either; green is then a mere guess */
    double green_part, blue_part; /* evidence for each, as a part of what a frame full of it would give, 0…1 */
} ck_screen_guess;

/* rgb (3,h,w), 8-bit sRGB. */
ck_screen_guess ck_screen_of(const uint8_t *rgb, int h, int w);

/* The option --screen; T's int `field` is one of the enum. */
enum { CK_SCREEN_GREEN, CK_SCREEN_BLUE, CK_SCREEN_AUTO };
/* clang-format off */
#define CK_SCREEN_ROW(T, field) \
    {0, "screen", CK_CHOICE, offsetof(T, field), NULL, "auto", 0, 0, "green|blue|auto", 0, \
     "screen colour; auto: from the plate", CK_IN_KEY}
/* clang-format on */

typedef struct ck_screen_choice {
    bool decided, blue;
    bool at_open;        /* decided before the first frame, for all frames; HEAD holds it */
    bool upstream;       /* a program upstream looks at frames */
    const ck_hand *hand; /* the colour that decides, NULL: the looks of the frame; borrowed */
    ck_gamut gamut;      /* of the stream */
    char why[200];       /* once decided: "screen green: decided on frame 0 …", one line */
} ck_screen_choice;

/* Which screen a run has: what was asked for; else the colour by hand (NULL: none); else what HEAD's `screen` says;
 * else what plane `rgb` of the first frame that has a screen looks like.  Frames before it, such as black ones, decide
 * nothing.
 *
 * ck_screen_choose: before the frames.  The answer goes into HEAD for the downstream stages: green, blue, or "frame" if
 * the first frame has no screen: then FRAME metadata have `screen`, from the frame that has one on. `first` may be NULL
 * (an empty stream), an error frame or without `rgb`. */
ck_status ck_screen_choose(int asked, const ck_hand *hand, ck_meta *head, ck_frame *first, ck_screen_choice *out,
                           ck_error *e);
/* Every frame, in order: decides if that is still to be done, and sets the FRAME's metadata.  *now: it was this frame.
 */
ck_status ck_screen_admit(ck_screen_choice *c, ck_frame *f, bool *now, ck_error *e);
/* The screen of a frame that was admitted; green while nothing is decided.  Any thread. */
bool ck_screen_blue(const ck_screen_choice *c, const ck_frame *f);

/* The name in HEAD and on the command line. */
const char *ck_screen_name(bool blue);

#endif
