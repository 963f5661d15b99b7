/* Decoding of a range of frames without those before it.
 *
 *     ck_seek_prepare     list all packets without decoding; go to the first frame wanted
 *     ck_video_skip       go on to a later one (av_read.h)
 *
 * Nothing is sent to the decoder before the random-access point of the frame wanted.  The index of a frame follows from
 * the table of packets (av_table.h), on the ground that a packet gives a frame.  Everything that is decoded is compared
 * with the table.  Where they differ, and wherever a frame after a seek is bad, the video is opened again and decoded
 * from its start, so a range always equals that part of the whole. */
#ifndef CK_IO_AV_SEEK_H
#define CK_IO_AV_SEEK_H

#include "io/av_inside.h"

/* Make the table and go to frame how.first.  If that is impossible, the video will be decoded from its start, which is
 * reported to how.say. */
ck_status ck_seek_prepare(ck_video *v, ck_error *e);

/* Call for every packet read, with the result of ck_packets_next.  False: it contradicts the table, and v->lost is
 * set. */
bool ck_seek_follows(ck_video *v, int code, bool incomplete);

/* False for frames decoded ahead of the last one wanted: their part of the table was not read. */
bool ck_seek_wants(const ck_video *v, long frame);

/* Call for every frame, good or bad.  False: it must be dropped; it is not wanted, or it contradicts the table and
 * v->lost is set. */
bool ck_seek_expects(ck_video *v, const AVFrame *av, int64_t pts, const char *error);

/* True if the first good frame may stand for the video's first one: they have the same size. */
bool ck_seek_accepts(const ck_video *v, const AVFrame *av);

/* Go back since v->lost is set: to an earlier key packet, at last to the start. */
ck_status ck_seek_give_up(ck_video *v, ck_error *e);

#endif
