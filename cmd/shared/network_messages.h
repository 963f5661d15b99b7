/* Messages of the programs that run the network. */
#ifndef CK_SHARED_NETWORK_MESSAGES_H
#define CK_SHARED_NETWORK_MESSAGES_H

#include "greenformer/model.h"
#include "stream/frame.h"

/* The checkpoint's warnings. */
void ck_messages_model(const ck_model *m);

/* The network opened from the checkpoint at `path`, and its device. */
void ck_messages_opened(const char *path, const ck_network *n);

/* After the last frame: why there was no CUDA graph, how frames reached the device, and with `layers` each one's time.
 */
void ck_messages_done(ck_network *n, bool layers);

#endif
