/* Locks on the frames that a run writes, so that a second run over the same frames is refused.
 *
 * A frame is locked by fcntl(2) on byte 2^40 + number of OUT/.ck-lock.  Such a lock ends with its process, even if the
 * process is killed; the file stays.  The file's text has a line "PID HOST" for each holder.  Byte 0 is locked while
 * the text changes, byte 1 while videos are joined. */
#ifndef CK_SHARED_LOCK_H
#define CK_SHARED_LOCK_H

#include "io/ranges.h"

typedef struct ck_lock {
    const char *out; /* borrowed */
    int fd;          /* -1: none */
    bool named;      /* our line is in the file */
} ck_lock;

/* Create OUT and the lock file if necessary, and open the file. */
ck_status ck_lock_open(ck_lock *l, const char *out, ck_error *e);
/* Lock frames; all possible ones if frames->n is 0.  On failure the message names the holder.  If the file system has
 * no locks, warn and succeed. */
ck_status ck_lock_frames(ck_lock *l, const ck_ranges *frames, ck_error *e);
/* True if another run has locked frames. */
bool ck_lock_busy(const ck_lock *l);
/* Wait until no other run joins videos in OUT, then keep other runs from joining. */
ck_status ck_lock_joining(ck_lock *l, ck_error *e);
void ck_lock_close(ck_lock *l);

#endif
