/* A table of a video's packets: which packet gives which frame, and where decoding can start.  It is read without
 * decoding.
 *
 *     ck_av_table_add ... -> ck_av_table_settle -> ck_av_table_number -> ck_av_table_start, ck_av_table_find
 *
 * A random-access point is a key packet.  Packets after it that are shown before it (leading pictures) may refer to
 * packets before it; the others do not.  So a frame is decoded from the latest key packet that is neither decoded nor
 * shown after it.  `unfit` says why the table of a video cannot be trusted; such a video is decoded from its start. */
#ifndef CK_IO_AV_TABLE_H
#define CK_IO_AV_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct ck_av_row {
    int64_t pts, seek; /* seek: time by which the demuxer finds it */
    int64_t pos;       /* of its data in the file, -1 = unknown */
    int size;          /* bytes */
    long frame;        /* index of its frame, counted from 0; -1 = not shown, or decided by the decoder */
    long shown_after; /* number of shown rows listed before this one, without those shown before the first key packet */
    bool key, shown;
} ck_av_row;

typedef struct ck_av_table {
    ck_av_row *rows; /* owned; n, in decoding order */
    long *order;     /* owned; the row numbers in order of time */
    long n;
    size_t cap;
    long first;        /* row of the first key packet */
    bool led;          /* frames may be shown before that row: the decoder decides how many */
    bool reordered;    /* a packet is decoded before its time */
    bool complete;     /* all packets of the file are listed */
    bool indexed;      /* from the container's index: a parser may find other key packets */
    const char *unfit; /* or NULL */
} ck_av_table;         /* all zero = empty */

/* Append the next packet in decoding order; `frame` and `shown_after` are set here.  CK_OK or CK_ERR_MEMORY. */
ck_status ck_av_table_add(ck_av_table *t, const ck_av_row *packet, int64_t dts, ck_error *e);

/* True if the rows so far certainly include frame `last` and all that it depends on. */
bool ck_av_table_covers(const ck_av_table *t, long last);

/* Sort, and set `unfit` if times and key packets contradict each other. */
ck_status ck_av_table_settle(ck_av_table *t, ck_error *e);

/* Number the frames.  base: index of the first key packet's frame, or of the first frame after it if it is not shown.
 * unit: seconds of a tick; rate: frames per second if a gap in times means repeated frames (av_queue.h), else 0. */
void ck_av_table_number(ck_av_table *t, long base, double unit, double rate);

/* The row from which the frame must be decoded; past the end: that of the last frame. */
long ck_av_table_start(const ck_av_table *t, long frame);

/* The row with this time, or -1. */
long ck_av_table_find(const ck_av_table *t, int64_t pts);

/* The next row in order of time that is shown, at or after place *at of `order`; -1 after the last.  *at moves past
 * it. */
long ck_av_table_next(const ck_av_table *t, long *at);
/* The place of a row in `order`. */
long ck_av_table_place(const ck_av_table *t, long row);

void ck_av_table_free(ck_av_table *t);

#endif
