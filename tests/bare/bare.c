/* Stand-ins for a GPU host without oneDNN and libpng (gpu.mk): no cpu backend, and images as packed streams. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/png.h"
#include "nn/cpu/cpu.h"
#include "stream/stream.h"

static ck_status open_none(int which, int threads, ck_nn **dev, ck_error *e)
{
    (void)which;
    (void)threads;
    (void)dev;
    return ck_fail(e, CK_ERR_UNSUPPORTED, "this build has no cpu backend: use --device cuda or ref");
}

const ck_nn_backend ck_nn_cpu = {.name = "cpu", .host = true, .open = open_none};

const ck_cpu_kernels *ck_cpu_kernels_at(int i)
{
    (void)i;
    return NULL;
}

static ck_status first_frame(const char *path, ck_frame *f, ck_error *e)
{
    ck_reader *r = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ck_fail_errno(e, "cannot open");
    ck_status s = ck_reader_open(fd, "check-cuda", 0, &r, e);
    if (s == CK_OK)
        s = ck_reader_next(r, f, e);
    ck_reader_free(r);
    close(fd);
    return s;
}

/* NAME.png is stored as NAME.ck: the frame made from the picture when the pack was made. */
ck_status ck_png_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e)
{
    char stream[4096];
    (void)want;
    (void)name;
    int n = snprintf(stream, sizeof stream, "%.*sck", (int)(strlen(path) - 3), path);
    if (n < 0 || (size_t)n >= sizeof stream)
        return ck_fail(e, CK_ERR_ARGUMENT, "a path that is too long");
    ck_status s = first_frame(stream, f, e);
    return s == CK_OK ? s : ck_fail_in(e, s, stream);
}
