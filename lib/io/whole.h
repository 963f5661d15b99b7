/* Does a video file hold as many bytes as its own structure says?
 *
 * Demuxers are forgiving: a Matroska or MP4 file that was cut short plays to the cut and ends as if that
 * were its end.  These containers say how long they are: ISO media (MP4, MOV) box by box, Matroska and
 * WebM by their segment, AVI by its RIFF chunks, MPEG-TS by whole packets, Ogg by its last page. */
#ifndef CK_IO_WHOLE_H
#define CK_IO_WHOLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define CK_WHOLE_HEAD 4096

/* A file: fd, which is only read with pread, and its size; head NULL, n 0.  A pipe that has ended: fd -1, its
 * first n bytes (CK_WHOLE_HEAD are enough) and how many there were; MP4 and Ogg are not checked then.
 * CK_OK for containers we do not know, for those that declare nothing, and for files with something after
 * their end. */
ck_status ck_whole_check(int fd, const uint8_t *head, size_t n, int64_t size, ck_error *e);

#endif
