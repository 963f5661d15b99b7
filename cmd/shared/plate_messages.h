/* Decisions about the plate (encoding, screen, size) that several programs make and report. */
#ifndef CK_SHARED_PLATE_MESSAGES_H
#define CK_SHARED_PLATE_MESSAGES_H

#include "key/screen.h"
#include "stream/frame.h"

/* Warn if the first frame's `rgb` has an encoding that this program takes for sRGB display values.  NULL: no frame. */
void ck_messages_plate(ck_frame *first);

/* ck_screen_choose and ck_screen_admit with messages: the decision under --verbose, and at the end a warning if no
 * frame showed a screen and no upstream program had to decide. */
ck_status ck_messages_screen(int asked, const ck_hand *hand, ck_meta *head, ck_frame *first, ck_screen_choice *c,
                             ck_error *e);
ck_status ck_messages_screen_admit(ck_screen_choice *c, ck_frame *f, ck_error *e);
void ck_messages_screen_end(const ck_screen_choice *c);

/* Fail if the frame has the plane in another size than the first frame.  Call in frame order. */
ck_status ck_messages_size(ck_size *held, ck_frame *f, const char *name, ck_error *e);

#endif
