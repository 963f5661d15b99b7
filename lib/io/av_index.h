/* Listing of packets from the index of an MOV or MP4 file, which is in memory once the file is open: no picture data
 * are read, however large the file. */
#ifndef CK_IO_AV_INDEX_H
#define CK_IO_AV_INDEX_H

#include "io/av_load.h"
#include "io/av_table.h"

/* True if the index has all packets of the stream: it is not fragmented. */
bool ck_av_index_complete(const AVFormatContext *fmt, const AVStream *st, int fd, int64_t bytes);

/* Append the packets of stream number `stream` to the table; intra: each is a random-access point.  Sets `unfit` if
 * they cannot be listed. */
ck_status ck_av_index_read(const char *path, int stream, bool intra, ck_av_table *t, ck_error *e);

#endif
