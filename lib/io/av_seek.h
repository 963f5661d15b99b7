/* Decoding of a range of frames without those before it.
 *
 *     ck_seek_list        list all packets without decoding
 *     ck_seek_begin       go to the first frame wanted
 *     ck_video_skip       go on to a later one (av_read.h)
 *
 * Packets before the random-access point of the wanted frame are not sent to the decoder.  The index of a frame follows
 * from the table of packets (av_table.h), since each packet gives one frame.  Everything that is decoded is compared
 * with the table.  If they differ, or a frame after a seek is bad, decoding starts at an earlier key packet.  After
 * some attempts the video is opened again and decoded from its start.  So a range always equals that part of the whole.
 */
#ifndef CK_IO_AV_SEEK_H
#define CK_IO_AV_SEEK_H

#include "io/av_inside.h"

/* Make the table.  If the video cannot be searched at all, no packet is read and the table stays empty.  If packets
 * have been read and the table cannot be trusted, v->lost is set. */
ck_status ck_seek_list(ck_video *v, ck_error *e);

/* Go to frame how.first.  If the table is `led`, v->base must be known.  v->lost is set on failure. */
void ck_seek_begin(ck_video *v);

/* Go on to frame `index` if that skips packets.  v->lost is set on failure. */
void ck_seek_to(ck_video *v, long index);

/* Call for every packet read, with the result of ck_packets_next.  False: the packet contradicts the table, and v->lost
 * is set. */
bool ck_seek_follows(ck_video *v, int code, bool incomplete);

/* False for frames decoded ahead of the last one wanted. */
bool ck_seek_wants(const ck_video *v, long frame);

/* Call for every frame, good or bad.  False: drop the frame.  Either it is not wanted, or it contradicts the table, and
 * v->lost is set. */
bool ck_seek_expects(ck_video *v, const AVFrame *av, int64_t pts, const char *error);

/* False if the first good frame was reached by a seek and has another size than the header states.  Later frames are
 * compared with the size of the first good one. */
bool ck_seek_accepts(const ck_video *v, const AVFrame *av);

/* Call if v->lost is set: go on from an earlier key packet.  False after some attempts: the caller must open the video
 * again and decode it from its start. */
bool ck_seek_retry(ck_video *v);

#endif
