#include "nn/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#define PAGE ((size_t)CK_SPILL_PAGE)

enum { HERE = 1, CHANGED = 2, FILED = 4 };

struct ck_spill {
    char *data;
    size_t bytes, resident;
    int fd;
    unsigned char *page; /* flags per page of the tail: HERE, … */
};

/* ---- the file ---- */

/* Fallback for file systems without O_TMPFILE: remove the name at once. */
static int make_unlinked(const char *folder)
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
        return ck_fail(
            e, CK_ERR_ARGUMENT,
            "%s is in memory (tmpfs), and %.1f MB are to be spilled to disk: set TMPDIR to a folder on a disk", folder,
            (double)bytes * 1e-6);
    int fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        fd = make_unlinked(folder);
    if (fd < 0)
        return ck_fail_errno(e, "cannot make a temporary file in %s (set TMPDIR to another folder)", folder);
    /* Allocate all blocks now: a full disk is then an error here, not in the middle of a clip. */
    int failed = posix_fallocate(fd, 0, (off_t)bytes);
    if (failed) {
        close(fd);
        errno = failed;
        return ck_fail_errno(e, "cannot make a file of %.1f MB in %s (set TMPDIR to another folder, or raise --memory)",
                             (double)bytes * 1e-6, folder);
    }
    *out = fd;
    return CK_OK;
}

/* Copy pages i … end - 1 of the tail to the file (`out`) or from it. */
static ck_status transfer(ck_spill *s, size_t i, size_t end, bool out, ck_error *e)
{
    char *at = s->data + s->resident + i * PAGE;
    off_t where = (off_t)(i * PAGE);
    for (size_t left = (end - i) * PAGE; left;) {
        ssize_t n = out ? pwrite(s->fd, at, left, where) : pread(s->fd, at, left, where);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO;
        if (n <= 0)
            return ck_fail_errno(e, "cannot %s the temporary file (see TMPDIR)", out ? "write" : "read");
        at += n;
        where += n;
        left -= (size_t)n;
    }
    return CK_OK;
}

/* ---- memory ---- */

ck_status ck_spill_new(size_t bytes, size_t resident, ck_spill **out, ck_error *e)
{
    ck_spill *s = calloc(1, sizeof *s);
    if (!s || bytes > SIZE_MAX / 2 || resident >= bytes) {
        free(s);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for %.1f MB of spilled maps", (double)bytes * 1e-6);
    }
    size_t pages = (bytes - resident + PAGE - 1) / PAGE;
    *s = (ck_spill){.bytes = resident + pages * PAGE, .resident = resident, .fd = -1, .page = calloc(pages, 1)};
    void *p = mmap(NULL, s->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    s->data = p == MAP_FAILED ? NULL : p;
    if (s->data)
        madvise(s->data, s->bytes, MADV_HUGEPAGE);
    ck_status st = s->data && s->page ? make_file(pages * PAGE, &s->fd, e)
                                      : ck_fail(e, CK_ERR_MEMORY, "out of memory for %.1f MB of the network's maps",
                                                (double)bytes * 1e-6);
    if (st != CK_OK) {
        ck_spill_free(s);
        return st;
    }
    *out = s;
    return CK_OK;
}

void ck_spill_free(ck_spill *s)
{
    if (!s)
        return;
    if (s->data)
        munmap(s->data, s->bytes);
    if (s->fd >= 0)
        close(s->fd);
    free(s->page);
    free(s);
}

void *ck_spill_data(const ck_spill *s)
{
    return s->data;
}

/* Clip a range to the tail, in bytes from the tail's start. */
static void in_tail(const ck_spill *s, size_t at, size_t n, size_t *from, size_t *end)
{
    *from = at > s->resident ? at - s->resident : 0;
    *end = at + n > s->resident ? at + n - s->resident : 0;
}

/* True if the page must be read from the file before use. */
static bool missing(const ck_spill *s, size_t page, size_t from, size_t end, ck_spill_use use)
{
    bool replaced = use == CK_SPILL_WRITE && page * PAGE >= from && (page + 1) * PAGE <= end;
    return (s->page[page] & (HERE | FILED)) == FILED && !replaced;
}

ck_status ck_spill_need(ck_spill *s, size_t at, size_t n, ck_spill_use use, ck_error *e)
{
    size_t from, end;
    in_tail(s, at, n, &from, &end);
    size_t last = (end + PAGE - 1) / PAGE;
    for (size_t i = from / PAGE, j; i < last; i = j) {
        for (j = i; j < last && missing(s, j, from, end, use);)
            j++;
        ck_status st = j > i ? transfer(s, i, j, false, e) : CK_OK;
        if (st != CK_OK)
            return st;
        for (j += j == i; i < j; i++)
            s->page[i] |= use == CK_SPILL_WRITE ? HERE | CHANGED : HERE;
    }
    return CK_OK;
}

ck_status ck_spill_idle(ck_spill *s, size_t at, size_t n, ck_error *e)
{
    size_t from, end;
    in_tail(s, at, n, &from, &end);
    size_t first = (from + PAGE - 1) / PAGE, last = end / PAGE;
    for (size_t i = first, j; i < last; i = j) {
        for (j = i; j < last && s->page[j] & CHANGED;)
            j++;
        ck_status st = j > i ? transfer(s, i, j, true, e) : CK_OK;
        if (st != CK_OK)
            return st;
        for (j += j == i; i < j; i++)
            s->page[i] = s->page[i] & CHANGED ? FILED : s->page[i] & FILED;
    }
    if (last > first)
        madvise(s->data + s->resident + first * PAGE, (last - first) * PAGE, MADV_DONTNEED);
    return CK_OK;
}
