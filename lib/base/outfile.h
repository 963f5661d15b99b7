/* Output files that appear complete or not at all.
 *
 *     ck_outfile_open(&o, path, e)       a temporary file beside the target, ".ck-PID-COUNT-NAME.tmp"
 *     ck_outfile_write(&o, data, n, e)   or another library writes to o.temp by name
 *     ck_outfile_commit(&o, e)           rename it over the target
 *
 * A killed writer leaves its temporary file behind; ck_outfile_sweep removes those.  A live
 * one keeps its file locked (flock), so a sweep on another machine or in another container,
 * where its process number means nothing, leaves it alone.
 *
 * A target that is a symbolic link is followed.  One that is a device or a named pipe is
 * written in place: there is nothing to rename. */
#ifndef CK_BASE_OUTFILE_H
#define CK_BASE_OUTFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct ck_outfile {
    char *path; /* the target, links followed; owned */
    char *temp; /* what is being written, owned; equal to path for a device or pipe */
    int fd;     /* open for writing; -1 once closed */
} ck_outfile;

ck_status ck_outfile_open(ck_outfile *o, const char *path, ck_error *e);
/* Close, check, rename over `path`; on failure the temporary file is gone.  *o is released either way. */
ck_status ck_outfile_commit(ck_outfile *o, ck_error *e);
/* Close, remove and release; harmless after commit or on an all-zero struct with fd -1. */
void ck_outfile_discard(ck_outfile *o);
/* write(2) until done; short writes and EINTR handled. */
ck_status ck_outfile_write(ck_outfile *o, const void *data, size_t n, ck_error *e);
/* The same at a place in the file; the current position stays.  A pipe cannot do this. */
ck_status ck_outfile_write_at(ck_outfile *o, const void *data, size_t n, uint64_t offset, ck_error *e);

/* mkdir -p. */
ck_status ck_mkdirs(const char *path, ck_error *e);
/* Remove temporary files in `dir` whose process is gone. */
void ck_outfile_sweep(const char *dir);

#endif
