/* Choices about a plate that several programs make and report. */
#ifndef CK_SHARED_PLATE_MESSAGES_H
#define CK_SHARED_PLATE_MESSAGES_H

#include "stream/frame.h"

/* Warn if the first frame's `rgb` has an encoding that this program takes for sRGB display values.  NULL: no frame. */
void ck_messages_plate(ck_frame *first);

/* ck_screen_choose, and a message: a warning where the choice is doubtful. */
ck_status ck_messages_screen(int asked, ck_meta *head, ck_frame *first, bool *blue, ck_error *e);

#endif
