/* Whole reads and writes on a descriptor, with a time limit and a way to give up. */
#ifndef CK_STREAM_FDIO_H
#define CK_STREAM_FDIO_H

#include <stddef.h>
#include <sys/uio.h>

#include "base/mem.h"
#include "base/status.h"

/* Bytes read before the end of file, `n` unless the file ended; -1 on failure, with *s and e set.
 * cancel: an eventfd that ends the wait with CK_ERR_UPSTREAM, -1 = none. */
long ck_fd_read(int fd, void *buf, size_t n, double timeout, int cancel, ck_status *s, ck_error *e);

/* Bytes to be written. */
static inline struct iovec ck_iovec(const void *data, size_t n)
{
    return (struct iovec){ck_drop_const(data), n};
}

/* All of it; iov is used up. */
ck_status ck_fd_writev(int fd, struct iovec *iov, int n, double timeout, ck_error *e);

/* Ask for the largest pipe the system gives without privileges; other files ignore it. */
void ck_fd_widen(int fd);

#endif
