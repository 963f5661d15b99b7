/* A look at the rest of a pipe whose writer is gone, without taking it out: does the stream in it end properly? */
#ifndef CK_STREAM_TAIL_H
#define CK_STREAM_TAIL_H

#include "stream/meta.h"

typedef enum ck_tail {
    CK_TAIL_UNKNOWN, /* the system does not let us look */
    CK_TAIL_EMPTY,   /* nothing is left */
    CK_TAIL_END,
    CK_TAIL_ABORT,
    CK_TAIL_CUT /* the writer died */
} ck_tail;

/* Nobody reads meanwhile.  For ABORT *why, which must be empty, gets its metadata (owned by the caller) as far as they
 * can be read. */
ck_tail ck_tail_look(int fd, ck_meta *why);

#endif
