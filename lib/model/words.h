/* What a program that runs a network says about it on standard error. */
#ifndef CK_MODEL_WORDS_H
#define CK_MODEL_WORDS_H

#include "model/load.h"
#include "stream/frame.h"

/* The checkpoint's warnings. */
void ck_words_model(const ck_model *m);

/* That the checkpoint's ck_key wants a plane `key` which the first frame has not: it was not made for the stages alone.
 */
void ck_words_advice(const ck_model *m, ck_frame *first);

/* What was opened from the checkpoint at `path`, and where. */
void ck_words_opened(const char *path, const ck_network *n);

/* After the last frame: why there was no CUDA graph, how frames reached the device, and with `layers` each one's time.
 */
void ck_words_done(ck_network *n, bool layers);

#endif
