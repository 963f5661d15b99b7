/* Complete reads and writes on a descriptor, with a time limit and cancellation. */
#ifndef CK_STREAM_FDIO_H
#define CK_STREAM_FDIO_H

#include <stddef.h>
#include <sys/uio.h>

#include "base/mem.h"
#include "base/status.h"

/* Read n bytes.  Returns their number, less than n only at end of file; -1 on failure, with *s and e set.  timeout:
 * seconds without data, 0 = none.  cancel: an eventfd that ends the wait with CK_ERR_UPSTREAM, -1 = none. */
long ck_fd_read(int fd, void *buf, size_t n, double timeout, int cancel, ck_status *s, ck_error *e);

/* An iovec for writing. */
static inline struct iovec ck_iovec(const void *data, size_t n)
{
    return (struct iovec){ck_drop_const(data), n};
}

/* Write all of it; iov is modified.  timeout as above. */
ck_status ck_fd_writev(int fd, struct iovec *iov, int n, double timeout, ck_error *e);

/* Set a pipe's buffer to 1 MiB, the largest without privileges.  No effect on other files. */
void ck_fd_widen(int fd);

#endif
