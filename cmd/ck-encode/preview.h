/* --preview: comp, made smaller, shown by ffplay or mpv while the run goes on. */
#ifndef CK_CK_ENCODE_PREVIEW_H
#define CK_CK_ENCODE_PREVIEW_H

#include "stream/frame.h"

typedef struct ck_preview ck_preview;

/* Find a player on PATH: ffplay, else mpv.  CK_ERR_ARGUMENT without one. */
ck_status ck_preview_check(ck_error *e);

/* rate: frames per second, NUMERATOR/DENOMINATOR, or NULL.  An error if the first frame has planes, but not comp. */
ck_status ck_preview_new(const char *rate, ck_frame *first, ck_preview **out, ck_error *e);

/* Show the frame's plane comp.  Never waits: a frame that comes while the player still takes the one before is not
 * shown, and after the user has closed the player nothing is.  Frames without comp are passed over. */
ck_status ck_preview_frame(ck_preview *p, ck_frame *f, ck_error *e);

/* Ends the input of the player, which shows the rest.  NULL is fine. */
void ck_preview_free(ck_preview *p);

#endif
