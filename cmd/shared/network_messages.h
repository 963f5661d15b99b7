/* Messages of the programs that run the network. */
#ifndef CK_SHARED_NETWORK_MESSAGES_H
#define CK_SHARED_NETWORK_MESSAGES_H

#include "greenformer/model.h"
#include "stream/frame.h"

/* Report the checkpoint's warnings. */
void ck_messages_model(const ck_model *m);

/* Report the network opened from the checkpoint at `path`, and its device. */
void ck_messages_opened(const char *path, const ck_network *n);

/* After the last frame, report why no CUDA graph was used, how frames were copied to the device, and with `layers` each
 * layer's time. */
void ck_messages_done(ck_network *n, bool layers);

#endif
