/* Sound of a file, copied packet by packet into a video that is being written.
 *
 *     ck_av_sound_open    open the file
 *     ck_av_sound_add     before the video's header: a stream for each one of the file that the container can hold
 *     ck_av_sound_begin   when the time of the first frame is known
 *     ck_av_sound_write   before each packet of the video, and at its end
 *     ck_av_sound_free
 *
 * The sound runs from the start of the first frame to the end of the last.  PCM is cut to the sample at its start;
 * other packets are kept whole.  In MOV and MP4 an edit list hides the sound before the first frame, and the packet
 * before that is kept too, since decoders of AAC and MP3 need it.  In other containers, sound begins with the first
 * packet that is not before the first frame. */
#ifndef CK_IO_AV_SOUND_H
#define CK_IO_AV_SOUND_H

#include <stdbool.h>

#include "base/status.h"
#include "io/av_load.h"

typedef struct ck_av_sound ck_av_sound;

/* Fails for a file without sound. */
ck_status ck_av_sound_open(const char *path, ck_av_sound **out, ck_error *e);

/* note: a sentence about the streams that the container cannot hold, else "". */
ck_status ck_av_sound_add(ck_av_sound *s, AVFormatContext *mux, char *note, size_t n, ck_error *e);

/* at: the time of the file, in seconds, that is time 0 of the video. */
void ck_av_sound_begin(ck_av_sound *s, double at);
bool ck_av_sound_begun(const ck_av_sound *s);

/* Write the packets that start before `until`, in seconds of the video.  A libav code. */
int ck_av_sound_write(ck_av_sound *s, AVFormatContext *mux, double until);

void ck_av_sound_free(ck_av_sound *s); /* NULL is fine */

#endif
