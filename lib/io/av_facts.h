/* Facts about a video file that its outputs are to carry on. */
#ifndef CK_IO_AV_FACTS_H
#define CK_IO_AV_FACTS_H

#include "io/av_read.h"
#include "stream/meta.h"

/* True if the file has sound.  *start: the time of the file, in seconds, at which frame 0 is shown. */
bool ck_av_has_sound(const ck_video *v, double *start);

/* Add what the container says of camera, reel and time of recording, as PREFIX KEY. */
ck_status ck_av_camera(const ck_video *v, const char *prefix, ck_meta *out, ck_error *e);

#endif
