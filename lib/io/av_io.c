#include "io/av_io.h"

#include <errno.h>
#include <fcntl.h>
#include <libavutil/error.h>
#include <limits.h>
#include <libavutil/mem.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER (1 << 18)

static int fail(ck_av_io *io, ck_status s)
{
    io->status = s;
    return AVERROR_EXTERNAL;
}

/* Wait for input, ck_av_io_cancel or the time limit. */
static int wait_for(ck_av_io *io)
{
    struct pollfd p[2] = {{.fd = io->fd, .events = POLLIN}, {.fd = io->wake, .events = POLLIN}};
    double ms = io->timeout * 1000 + 0.999;
    int r;
    do
        r = poll(p, 2, ms < 1 ? -1 : ms < INT_MAX ? (int)ms : INT_MAX);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return fail(io, ck_fail_errno(&io->error, "cannot wait for input"));
    if (p[1].revents)
        return fail(io, ck_fail(&io->error, CK_ERR_CLOSED, "cancelled"));
    if (r == 0)
        return fail(io, ck_fail(&io->error, CK_ERR_STARVED, "no data came for %g seconds (--timeout)", io->timeout));
    return 0;
}

static int read_some(void *opaque, uint8_t *buf, int n)
{
    ck_av_io *io = opaque;
    if (io->status != CK_OK)
        return AVERROR_EXTERNAL;
    if (io->waits && wait_for(io))
        return AVERROR_EXTERNAL;
    if (io->blind) {
        n = io->size - io->pos < n ? (int)(io->size - io->pos) : n;
        io->pos += n > 0 ? n : 0;
        return n > 0 ? n : AVERROR_EOF;
    }
    ssize_t r;
    do
        r = read(io->fd, buf, (size_t)n);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return fail(io, ck_fail_errno(&io->error, "cannot read"));
    if (io->waits && io->head_bytes < sizeof io->head) {
        size_t room = sizeof io->head - io->head_bytes, take = (size_t)r < room ? (size_t)r : room;
        memcpy(io->head + io->head_bytes, buf, take);
        io->head_bytes += take;
    }
    io->pos += r;
    return r ? (int)r : AVERROR_EOF;
}

static int64_t seek(void *opaque, int64_t offset, int whence)
{
    ck_av_io *io = opaque;
    if (whence & AVSEEK_SIZE)
        return io->size >= 0 ? io->size : AVERROR(ENOSYS);
    if (io->blind && (whence & ~AVSEEK_FORCE) == SEEK_SET)
        return io->pos = offset;
    int64_t at = lseek(io->fd, offset, whence & ~AVSEEK_FORCE);
    if (at < 0)
        return AVERROR(errno);
    io->pos = at;
    return at;
}

ck_status ck_av_io_open(const char *path, double timeout, ck_av_io *io, ck_error *e)
{
    struct stat st;
    bool standard = !strcmp(path, "-");
    *io = (ck_av_io){.wake = -1, .own = !standard, .timeout = timeout, .size = -1};
    /* Opening a FIFO without a writer would block, whatever --timeout says; wait_for waits instead. */
    io->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (io->fd < 0 || fstat(io->fd, &st) || (!standard && fcntl(io->fd, F_SETFL, 0))) {
        ck_fail_errno(e, "cannot open");
        ck_av_io_close(io);
        return CK_ERR_IO;
    }
    if (standard && isatty(io->fd))
        return ck_fail(e, CK_ERR_ARGUMENT, "standard input is a terminal: pipe a video in, or name a file");
    if (S_ISREG(st.st_mode))
        io->size = st.st_size;
    io->waits = !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
    io->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    uint8_t *buffer = av_malloc(BUFFER);
    if (buffer)
        io->pb = avio_alloc_context(buffer, BUFFER, 0, io, read_some, NULL, io->size >= 0 ? seek : NULL);
    if (io->wake >= 0 && io->pb)
        return CK_OK;
    if (!io->pb)
        av_free(buffer);
    ck_av_io_close(io);
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for reading");
}

ck_status ck_av_io_rewind(ck_av_io *io, ck_error *e)
{
    if (lseek(io->fd, 0, SEEK_SET) < 0)
        return ck_fail_errno(e, "cannot seek");
    io->pos = io->pb->pos = 0;
    io->pb->buf_ptr = io->pb->buf_end = io->pb->buffer;
    io->pb->eof_reached = io->pb->error = 0;
    return io->status;
}

void ck_av_io_cancel(ck_av_io *io)
{
    eventfd_write(io->wake, 1);
}

void ck_av_io_close(ck_av_io *io)
{
    if (io->pb) {
        av_freep(&io->pb->buffer);
        avio_context_free(&io->pb);
    }
    if (io->own && io->fd >= 0)
        close(io->fd);
    if (io->wake >= 0)
        close(io->wake);
    io->fd = io->wake = -1;
}
