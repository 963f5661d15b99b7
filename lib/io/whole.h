/* Completeness check of video files by their own structure.
 *
 * Demuxers are tolerant: a truncated Matroska or MP4 file plays up to the cut and ends as if complete.  These
 * containers state their length: ISO media (MP4, MOV) by boxes, Matroska and WebM by the segment, AVI by its RIFF
 * chunks, MPEG-TS by whole packets, Ogg by its last page. */
#ifndef CK_IO_WHOLE_H
#define CK_IO_WHOLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define CK_WHOLE_HEAD 4096

/* Check `size` bytes of a video.  A file is given by fd, which is read by pread only; head is NULL and n 0.  A pipe
 * that has ended is given by its first n bytes in head (CK_WHOLE_HEAD suffice) and fd -1; MP4 and Ogg are then not
 * checked. CK_OK for unknown containers, for those that do not state a length, and for files with data after their end.
 */
ck_status ck_whole_check(int fd, const uint8_t *head, size_t n, int64_t size, ck_error *e);

#endif
