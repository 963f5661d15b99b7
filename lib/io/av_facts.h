/* Facts about a video file that its outputs are to carry on. */
#ifndef CK_IO_AV_FACTS_H
#define CK_IO_AV_FACTS_H

#include "io/av_read.h"
#include "io/colour_tag.h"
#include "stream/meta.h"

/* True if the file has sound.  *start: the time of the file, in seconds, at which frame 0 is shown. */
bool ck_av_has_sound(const ck_video *v, double *start);

/* Add what the container says of camera, reel and time of recording, as PREFIX KEY. */
ck_status ck_av_camera(const ck_video *v, const char *prefix, ck_meta *out, ck_error *e);

/* Colour by the container's ck:transfer and ck:primaries, for pictures whose tags leave it unspecified.  Only while no
 * other thread reads the video. */
void ck_av_labels(const ck_video *v, ck_colour_tag *out);

/* Set `transfer` and `primaries` of the frame, and the encoding of its plane, from the picture's tags, else from
 * `labels`.  A label that contradicts the tags sets CK_STILL_WARNING. */
ck_status ck_av_tag_frame(const struct AVFrame *av, const ck_colour_tag *labels, const char *plane, ck_frame *f,
                          ck_error *e);

#endif
