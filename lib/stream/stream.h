/* Reader and writer of ck-frame(5).  A stream is HEAD [RING] FRAME* END, or ends in ABORT.
 *
 * Every field is checked before it is used.  A reader or writer belongs to one thread. */
#ifndef CK_STREAM_STREAM_H
#define CK_STREAM_STREAM_H

#include <stdbool.h>

#include "stream/frame.h"

typedef struct ck_reader ck_reader;
typedef struct ck_writer ck_writer;

/* Reads HEAD.  timeout in seconds, 0 = none.  The descriptor stays the caller's.  A terminal
 * is refused.  *out is made even on failure (NULL only when out of memory), so that the caller
 * can ask for the victim; a stream that dies before HEAD names "the program before SELF". */
ck_status ck_reader_open(int fd, const char *self, double timeout, ck_reader **out, ck_error *e);
const ck_meta *ck_reader_head_view(const ck_reader *r);
/* `f` must be empty.  CK_END after a good END.  CK_ERR_UPSTREAM for ABORT and for a stream
 * that stops without END; the text names the first victim. */
ck_status ck_reader_next(ck_reader *r, ck_frame *f, ck_error *e);
/* Make a ck_reader_next that waits in another thread return.  The reader is of no use after. */
void ck_reader_cancel(ck_reader *r);
/* Who failed first and how, after CK_ERR_UPSTREAM.  They live as long as the reader. */
const char *ck_reader_victim_view(const ck_reader *r);
const char *ck_reader_reason_view(const ck_reader *r);
void ck_reader_free(ck_reader *r);

/* Writes HEAD.  A terminal is refused. */
ck_status ck_writer_open(int fd, double timeout, const ck_meta *head, ck_writer **out, ck_error *e);
ck_status ck_writer_frame(ck_writer *w, const ck_frame *f, ck_error *e); /* numbers must run 0,1,2… */
ck_status ck_writer_end(ck_writer *w, ck_error *e);
/* Best effort, after a failure: origin is the program that failed first. */
void ck_writer_abort(ck_writer *w, const char *origin, const char *text);
void ck_writer_free(ck_writer *w);

/* Add a stage to HEAD's `program` ("ck-decode a.mov | ck-hint --method key"). */
ck_status ck_head_add_program(ck_meta *head, int argc, char **argv, ck_error *e);
/* The name of the last stage in `program`, cut to n bytes; false when there is none. */
bool ck_head_last_program(const ck_meta *head, char *buf, size_t n);

#endif
