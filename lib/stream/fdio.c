#include "stream/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

/* Largest size without privileges (default of /proc/sys/fs/pipe-max-size). */
#define PIPE_SIZE (1 << 20)

void ck_fd_widen(int fd)
{
    (void)!fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
}

/* Wait until fd is ready.  CK_OK also for an error state of fd: the read or write that follows reports it. */
static ck_status wait_for(int fd, short events, double timeout, int cancel, ck_error *e)
{
    struct pollfd p[2] = {{.fd = fd, .events = events}, {.fd = cancel, .events = POLLIN}};
    double ms = timeout * 1000;
    int limit = timeout > 0 ? ms > INT_MAX ? INT_MAX : (int)ms + (ms < 1) : -1;
    for (;;) {
        int n = poll(p, 2, limit);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ck_fail_errno(e, "cannot wait for data");
        if (n == 0 && events == POLLIN)
            return ck_fail(e, CK_ERR_STARVED, "no data came for %g seconds (--timeout)", timeout);
        if (n == 0)
            return ck_fail(e, CK_ERR_BLOCKED, "no data were taken for %g seconds (--timeout)", timeout);
        if (p[1].revents)
            return ck_fail(e, CK_ERR_UPSTREAM, "cancelled");
        return CK_OK;
    }
}

long ck_fd_read(int fd, void *buf, size_t n, double timeout, int cancel, ck_status *s, ck_error *e)
{
    size_t got = 0;
    while (got < n) {
        *s = wait_for(fd, POLLIN, timeout, cancel, e);
        if (*s != CK_OK)
            return -1;
        ssize_t k = read(fd, (char *)buf + got, n - got);
        if (k == 0)
            break;
        if (k < 0 && errno != EINTR && errno != EAGAIN) {
            *s = ck_fail_errno(e, "cannot read");
            return -1;
        }
        got += k > 0 ? (size_t)k : 0;
    }
    *s = CK_OK;
    return (long)got;
}

/* With a time limit no write may block, so at most PIPE_BUF bytes are written: a writable pipe takes them.  Without a
 * limit, write(2) itself waits; if a pipe was made non-blocking elsewhere, poll first. */
static ssize_t write_some(int fd, const struct iovec *iov, int n, double timeout, ck_status *s, ck_error *e)
{
    *s = CK_OK;
    if (timeout <= 0) {
        ssize_t k = writev(fd, iov, n < IOV_MAX ? n : IOV_MAX);
        if (k < 0 && errno == EAGAIN) {
            *s = wait_for(fd, POLLOUT, 0, -1, e);
            return 0;
        }
        return k;
    }
    *s = wait_for(fd, POLLOUT, timeout, -1, e);
    if (*s != CK_OK)
        return -1;
    return write(fd, iov->iov_base, iov->iov_len < PIPE_BUF ? iov->iov_len : PIPE_BUF);
}

ck_status ck_fd_writev(int fd, struct iovec *iov, int n, double timeout, ck_error *e)
{
    while (n > 0) {
        if (iov->iov_len == 0) {
            iov++;
            n--;
            continue;
        }
        ck_status s;
        ssize_t k = write_some(fd, iov, n, timeout, &s, e);
        if (s != CK_OK)
            return s;
        if (k < 0 && errno != EINTR && errno != EAGAIN)
            return ck_fail_errno(e, "cannot write");
        size_t done = k > 0 ? (size_t)k : 0;
        while (n > 0 && done >= iov->iov_len) {
            done -= iov->iov_len;
            iov++;
            n--;
        }
        if (done) {
            iov->iov_base = (char *)iov->iov_base + done;
            iov->iov_len -= done;
        }
    }
    return CK_OK;
}
