/* Inspect the rest of a pipe whose writer is gone, without taking it out. */
#ifndef CK_STREAM_TAIL_H
#define CK_STREAM_TAIL_H

#include "stream/meta.h"

typedef enum ck_tail {
    CK_TAIL_UNKNOWN, /* the system does not permit it */
    CK_TAIL_EMPTY,   /* nothing is left */
    CK_TAIL_END,
    CK_TAIL_ABORT,
    CK_TAIL_CUT /* neither END nor ABORT: the writer died */
} ck_tail;

/* Call while no thread reads fd.  For CK_TAIL_ABORT, *why (empty before, owned by the caller) receives the record's
 * metadata as far as they can be parsed. */
ck_tail ck_tail_look(int fd, ck_meta *why);

#endif
