/* Does a video file hold as many bytes as its own structure says?
 *
 * Demuxers are forgiving: a Matroska or MP4 file that was cut short plays to the cut and ends as if that
 * were its end.  These containers say how long they are: ISO media (MP4, MOV) box by box, Matroska and
 * WebM by their segment, AVI by its RIFF chunks, MPEG-TS by whole packets. */
#ifndef CK_IO_WHOLE_H
#define CK_IO_WHOLE_H

#include <stdint.h>

#include "base/status.h"

/* fd is only read with pread; size in bytes.  CK_OK for containers we do not know, for those that
 * declare nothing, and for files with something after their end. */
ck_status ck_whole_check(int fd, int64_t size, ck_error *e);

#endif
