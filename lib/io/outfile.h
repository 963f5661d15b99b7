/* Output files that appear complete or not at all.
 *
 * Bytes go to a temporary name beside the target, ".ck-PID-NAME.tmp"; commit renames it.
 * A killed writer leaves one behind; ck_outfile_sweep removes those of dead processes. */
#ifndef CK_IO_OUTFILE_H
#define CK_IO_OUTFILE_H

#include <stddef.h>

#include "base/status.h"

typedef struct ck_outfile {
    char *path; /* the target, owned */
    char *temp; /* owned */
    int fd;     /* open for writing; -1 once closed */
} ck_outfile;

ck_status ck_outfile_open(ck_outfile *o, const char *path, ck_error *e);
/* Close, check, rename over `path`; on failure the temporary file is gone. */
ck_status ck_outfile_commit(ck_outfile *o, ck_error *e);
/* Close and remove; harmless after commit or on an all-zero struct with fd -1. */
void ck_outfile_discard(ck_outfile *o);
/* write(2) until done; short writes and EINTR handled. */
ck_status ck_outfile_write(ck_outfile *o, const void *data, size_t n, ck_error *e);

/* mkdir -p. */
ck_status ck_mkdirs(const char *path, ck_error *e);
/* Remove temporary files in `dir` whose process is gone. */
void ck_outfile_sweep(const char *dir);

#endif
