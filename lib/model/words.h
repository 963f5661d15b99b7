/* What a program that runs a network says about it on standard error. */
#ifndef CK_MODEL_WORDS_H
#define CK_MODEL_WORDS_H

#include "model/load.h"
#include "stream/frame.h"

/* The checkpoint's warnings. */
void ck_words_model(const ck_model *m);

/* What was opened from the checkpoint at `path`, and where. */
void ck_words_opened(const char *path, const ck_network *n);

/* After the last frame: whether steps were replayed as one; in detail how frames came to the device, and every step. */
void ck_words_done(ck_network *n, bool detail);

#endif
