/* One OUT is one job: frames that a run writes are locked, so that a second run over the same ones is refused.
 *
 * OUT/.ck-lock stays.  A frame is the byte 2^40 + number of it, locked with fcntl(2): the lock ends with its holder,
 * however that dies.  The text in the file names the holders, a line each, "PID HOST"; byte 0 is locked while it is
 * changed. */
#ifndef CK_ENCODE_LOCK_H
#define CK_ENCODE_LOCK_H

#include "io/ranges.h"

typedef struct ck_lock {
    const char *out; /* borrowed */
    int fd;          /* -1: none */
    bool named;      /* our line is in the file */
} ck_lock;

/* Makes OUT and the file. */
ck_status ck_lock_open(ck_lock *l, const char *out, ck_error *e);
/* frames->n 0 is every frame there can be.  A failure names the holder.  Folders without locks get a warning. */
ck_status ck_lock_frames(ck_lock *l, const ck_ranges *frames, ck_error *e);
void ck_lock_close(ck_lock *l);

#endif
