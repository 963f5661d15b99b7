/* What a program that runs a network says about it on standard error. */
#ifndef CK_GREENFORMER_MESSAGES_H
#define CK_GREENFORMER_MESSAGES_H

#include "greenformer/model.h"
#include "stream/frame.h"

/* The checkpoint's warnings. */
void ck_messages_model(const ck_model *m);

/* What was opened from the checkpoint at `path`, and where. */
void ck_messages_opened(const char *path, const ck_network *n);

/* After the last frame: whether steps were replayed as one; in detail how frames came to the device, and every step. */
void ck_messages_done(ck_network *n, bool detail);

#endif
