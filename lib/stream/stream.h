/* Reader and writer of ck-frame(5).  A stream is HEAD [RING] FRAME* END, or ends in ABORT.
 *
 * Every field is checked before it is used.  A reader or writer belongs to one thread, except for functions that say
 * "any thread" or name another thread.
 *
 * Between two programs on one pipe, large planes stay in shared memory (ck-ring(7)) and only references are sent.  The
 * reader attaches automatically.  The writer offers memory after ck_writer_share; planes that cannot be shared are sent
 * inline. */
#ifndef CK_STREAM_STREAM_H
#define CK_STREAM_STREAM_H

#include <stdbool.h>

#include "stream/frame.h"

/* True if the first n bytes of a file or pipe are those of a stream. */
bool ck_stream_starts(const void *data, size_t n);

/* Environment variable with the name of the upstream program, "" in the first one.  A parent that runs the whole
 * pipeline sets it, and reports which of its children was killed or made no progress. */
#define CK_UPSTREAM "CK_UPSTREAM"
/* Exit statuses for that parent only: a neighbour made no progress within --timeout.  The stage does not report it. */
enum { CK_EXIT_STARVED = 4, CK_EXIT_BLOCKED = 5 };

typedef struct ck_reader ck_reader;
typedef struct ck_writer ck_writer;
struct ck_rings;

/* Read HEAD.  timeout: seconds without data, 0 = none.  The descriptor stays the caller's.  A terminal is refused.
 * *out is set even on failure (NULL only when out of memory), so that the caller can ask for the victim.  A stream that
 * is cut before HEAD names "the program upstream of SELF". */
ck_status ck_reader_open(int fd, const char *self, double timeout, ck_reader **out, ck_error *e);
const ck_meta *ck_reader_head_view(const ck_reader *r);
/* Read one frame.  `f` must have no planes and no metadata; inline planes go into f->lease if they fit.  CK_END after a
 * good END.  CK_ERR_UPSTREAM for ABORT and for a stream that is cut; the text names the program that failed first. */
ck_status ck_reader_next(ck_reader *r, ck_frame *f, ck_error *e);
/* Unblock a ck_reader_next that waits in another thread.  The reader cannot be used afterwards. */
void ck_reader_cancel(ck_reader *r);
/* Tell how the stream will end, once its writer is gone.  CK_OK if ck_reader_next has returned CK_END or an error, if
 * END follows, or if the pipe's contents cannot be inspected.  Else the CK_ERR_UPSTREAM that ck_reader_next will
 * return.  Any thread. */
ck_status ck_reader_peek_end(ck_reader *r, ck_error *e);
/* After CK_ERR_UPSTREAM: the program that failed first, and its error.  Valid as long as the reader. */
const char *ck_reader_victim_view(const ck_reader *r);
const char *ck_reader_reason_view(const ck_reader *r);
/* True if a program has printed that error on standard error. */
bool ck_reader_said(const ck_reader *r);
/* The reason why frames come inline although shared memory was offered; else "". */
const char *ck_reader_inline_view(const ck_reader *r);
/* The rings attached upstream, which the writer passes on. */
const struct ck_rings *ck_reader_rings_view(const ck_reader *r);
void ck_reader_free(ck_reader *r);

/* Write HEAD.  A terminal is refused.  timeout: seconds without progress, 0 = none. */
ck_status ck_writer_open(int fd, double timeout, const ck_meta *head, ck_writer **out, ck_error *e);
/* Offer shared memory of at most ring_bytes; call before the first frame.  CK_RING_AUTO = a quarter of available
 * memory. 0 = none: planes that came by reference are then sent inline too.  `from`: the reader whose planes are passed
 * on, or NULL; it must outlive the writer. */
void ck_writer_share(ck_writer *w, const ck_reader *from, size_t ring_bytes);
/* Give `f`, which must have no planes yet, a slot in shared memory.  Call for every frame but the first, in order, from
 * one thread.  Waits until the first frame is written, whose size becomes the slots' size, and then for a free slot. */
ck_status ck_writer_take_slot(ck_writer *w, ck_frame *f, ck_error *e);
/* Make a ck_writer_take_slot that waits in another thread return CK_ERR_CLOSED. */
void ck_writer_cancel(ck_writer *w);
ck_status ck_writer_frame(ck_writer *w, const ck_frame *f, ck_error *e); /* seq must run 0, 1, 2, ... */
ck_status ck_writer_end(ck_writer *w, ck_error *e);
/* End the stream with ABORT, as far as the pipe permits.  origin: the program that failed first; said: a program has
 * printed the error.  Any thread.  Nothing can be written afterwards. */
void ck_writer_abort(ck_writer *w, const char *origin, const char *text, bool said);
/* Metadata `said` of an error frame or ABORT for a stream into `fd`.  Its value is the inode of that pipe: a failure
 * has been said only where the stream comes straight from there.  A saved stream is read in another run. */
ck_status ck_stream_set_said(ck_meta *m, int fd, ck_error *e);
/* True if a program of this project reads the other end of the pipe `fd`. */
bool ck_stream_read_by_us(int fd);
/* After the first frame: the reason why large planes are sent inline although sharing was asked for; else "". */
const char *ck_writer_inline_view(const ck_writer *w);
/* Slots in use, and bytes of memory, of the writer's own ring; 0 without one. */
int ck_writer_slots(const ck_writer *w);
/* From the first frame on: planes go into slots of our own, not inline. */
bool ck_writer_has_slots(const ck_writer *w);
size_t ck_writer_resident(const ck_writer *w);
void ck_writer_free(ck_writer *w);

/* Append a stage to HEAD's `program` ("ck-decode --linear | ck-hint --method key").  options: as ck_options_text makes
 * them, may be NULL: the same shot gets the same HEAD, whatever its range and machine. */
ck_status ck_head_add_program(ck_meta *head, const char *name, const char *options, ck_error *e);
/* Copy the last stage's name in `program`, cut to n bytes.  Returns the number of stages. */
int ck_head_last_program(const ck_meta *head, char *buf, size_t n);

#endif
