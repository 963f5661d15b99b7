/* Output files that appear complete or not at all.
 *
 *     ck_outfile_open(&o, path, e)       a temporary file beside the target, ".ck-PID.PLACE-COUNT-NAME.tmp"
 *     ck_outfile_write(&o, data, n, e)   or another library writes to o.temp by name
 *     ck_outfile_commit(&o, e)           rename it over the target
 *
 * A killed writer leaves its temporary file behind; ck_outfile_sweep removes it.  A running writer holds a lock (flock)
 * on its file.  PLACE stands for the machine, its boot and the PID namespace: two processes in different places may
 * have one number, and elsewhere the number says nothing.  There the lock alone tells that a writer is gone.
 *
 * Symbolic links are followed.  A device or named pipe is written in place, since it cannot be replaced by renaming. */
#ifndef CK_BASE_OUTFILE_H
#define CK_BASE_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

typedef struct ck_outfile {
    char *path; /* the target, links followed; owned */
    char *temp; /* file being written, owned; equal to path for a device or pipe */
    int fd;     /* open for writing; -1 once closed */
} ck_outfile;

/* Find the target and create the temporary file. */
ck_status ck_outfile_open(ck_outfile *o, const char *path, ck_error *e);
/* Close, check, rename over `path`.  On failure the temporary file is removed.  *o is released either way. */
ck_status ck_outfile_commit(ck_outfile *o, ck_error *e);
/* Close, remove and release.  Harmless after commit, and on a zeroed struct with fd = -1. */
void ck_outfile_discard(ck_outfile *o);
/* write(2) until all n bytes are written; handles short writes and EINTR. */
ck_status ck_outfile_write(ck_outfile *o, const void *data, size_t n, ck_error *e);
/* As above at a byte offset; the current position stays.  Fails on a pipe. */
ck_status ck_outfile_write_at(ck_outfile *o, const void *data, size_t n, uint64_t offset, ck_error *e);

/* With `on`, every later commit flushes the file to the disk before it is renamed, and its folder after; every new
 * folder's parent is flushed too.  Off by default.  Call before other threads start. */
void ck_outfile_sync(bool on);
bool ck_outfile_syncs(void); /* the last value given */

/* write(2) to any descriptor until all n bytes are written, at offset `at`, or at the current position if at < 0. */
ck_status ck_write_all(int fd, const void *data, size_t n, off_t at, ck_error *e);

/* Create the folder and its parents, as mkdir -p does. */
ck_status ck_mkdirs(const char *path, ck_error *e);
/* Remove temporary files in `dir` whose process is gone.  Those of another place stay if the file system has no locks.
 * Errors are ignored. */
void ck_outfile_sweep(const char *dir);

#endif
