/* Memory that is larger than what may be taken: its head is ordinary, its tail a file that nobody else sees.
 *
 * The tail is mapped, so that an operation finds one address range whatever lies where.  Its pages are the
 * page cache's: the system writes them out and takes them back as it likes. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "nn/host.h"

static ck_status out_of_memory(size_t bytes, ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for the network's %.1f MB: use a smaller --size",
                   (double)bytes * 1e-6);
}

/* Where there is no O_TMPFILE: a name, and away with it. */
static int named(const char *folder)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/ck-XXXXXX", folder);
    if (n < 0 || (size_t)n >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static ck_status make_file(size_t bytes, int *out, ck_error *e)
{
    const char *folder = getenv("TMPDIR");
    struct statfs where;
    folder = folder && *folder ? folder : "/var/tmp";
    if (statfs(folder, &where) == 0 && (where.f_type == TMPFS_MAGIC || where.f_type == RAMFS_MAGIC))
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "%s, where %.1f MB are to be put aside, is memory itself: set TMPDIR to a folder on a disk",
                       folder, (double)bytes * 1e-6);
    int fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL))
        fd = named(folder);
    if (fd < 0)
        return ck_fail_errno(e, "cannot make a temporary file in %s (set TMPDIR to another folder)", folder);
    /* All of it now: a full disk is an error here, and a signal in the middle of a frame. */
    int failed = posix_fallocate(fd, 0, (off_t)bytes);
    if (failed) {
        close(fd);
        errno = failed;
        return ck_fail_errno(e, "cannot put %.1f MB aside in %s (set TMPDIR to another folder, or raise --memory)",
                             (double)bytes * 1e-6, folder);
    }
    *out = fd;
    return CK_OK;
}

ck_status ck_nn_host_map(ck_nn *dev, size_t bytes, size_t resident, void **out, ck_error *e)
{
    (void)dev;
    if (bytes > SIZE_MAX / 2)
        return out_of_memory(bytes, e);
    char *p = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return out_of_memory(bytes, e);
    ck_status s = CK_OK;
    if (resident < bytes) {
        int fd = -1;
        s = make_file(bytes - resident, &fd, e);
        if (s == CK_OK &&
            mmap(p + resident, bytes - resident, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
            s = ck_fail_errno(e, "cannot map a temporary file of %.1f MB", (double)(bytes - resident) * 1e-6);
        if (fd >= 0)
            close(fd);
    }
    if (s != CK_OK) {
        ck_nn_host_unmap(dev, p, bytes);
        return s;
    }
    *out = p;
    return CK_OK;
}

void ck_nn_host_unmap(ck_nn *dev, void *p, size_t bytes)
{
    (void)dev;
    if (p)
        munmap(p, bytes ? bytes : 1);
}

/* Out of this process's resident memory; the page cache keeps what was written. */
void ck_nn_host_idle(ck_nn *dev, void *p, size_t bytes)
{
    (void)dev;
    size_t page = CK_NN_PAGE, from = ((size_t)p + page - 1) / page * page, end = ((size_t)p + bytes) / page * page;
    if (end > from)
        madvise((char *)p + (from - (size_t)p), end - from, MADV_DONTNEED);
}
