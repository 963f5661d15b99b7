#include "shared/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/outfile.h"

#define NAME ".ck-lock"
#define ZERO (1L << 40)     /* the byte of frame 0: numbers may be negative */
#define JOINING 1           /* byte that is locked while videos are joined */
#define FIRST 2             /* the first byte of frames */
#define MOST_BYTES 4096     /* a list with steps has a lock per frame; above this, one lock from first to last */
#define MOST_TEXT (1 << 16) /* largest size of the holders' lines, in bytes */
#define WAIT_MS 2000        /* longest wait for the lock on the text */

static struct flock part(short type, long first, long bytes)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = first, .l_len = bytes};
}

static bool set(int fd, short type, long first, long bytes)
{
    struct flock l = part(type, first, bytes);
    int r;
    do
        r = fcntl(fd, F_SETLK, &l);
    while (r && errno == EINTR);
    return r == 0;
}

/* Lock the text; false if another run still holds the lock after WAIT_MS.  Runs hold it only briefly. */
static bool take_text(int fd)
{
    static const struct timespec pause = {.tv_nsec = 5000000};
    for (int ms = 0; ms < WAIT_MS; ms += 5) {
        if (set(fd, F_WRLCK, 0, 1))
            return true;
        if (errno != EAGAIN && errno != EACCES)
            return false;
        nanosleep(&pause, NULL);
    }
    return false;
}

/* The file's text, owned, and NULL when out of memory. */
static char *read_text(int fd)
{
    char *text = calloc(1, MOST_TEXT + 1);
    ssize_t n = text ? pread(fd, text, MOST_TEXT, 0) : 0;
    if (text)
        text[n > 0 ? n : 0] = 0;
    return text;
}

bool ck_lock_busy(const ck_lock *l)
{
    struct flock any = part(F_WRLCK, FIRST, 0);
    return !fcntl(l->fd, F_GETLK, &any) && any.l_type != F_UNLCK;
}

/* True if the line names this process: the number alone may be that of a process on another host. */
static bool is_our_line(const char *line, const char *host)
{
    char *end;
    size_t n = strlen(host);
    return strtol(line, &end, 10) == (long)getpid() && *end == ' ' && !strncmp(end + 1, host, n) &&
           (end[1 + n] == '\n' || !end[1 + n]);
}

/* Remove our line, and all lines if no other run holds a lock; then add ours if `add`.  Write errors are ignored, since
 * the text only serves messages. */
static void write_text(int fd, bool add)
{
    bool others = ck_lock_busy(&(ck_lock){.fd = fd});
    char *before = read_text(fd), *after = NULL, *next;
    size_t n = 0;
    FILE *f = before ? open_memstream(&after, &n) : NULL;
    if (!f) {
        free(before);
        return;
    }
    struct utsname u;
    if (uname(&u))
        *u.nodename = 0;
    for (char *line = before; others && *line; line = next) {
        next = line + strcspn(line, "\n");
        next += *next == '\n';
        if (!is_our_line(line, u.nodename))
            fprintf(f, "%.*s", (int)(next - line), line);
    }
    if (add)
        fprintf(f, "%ld %s\n", (long)getpid(), u.nodename);
    if (!fclose(f) && n <= MOST_TEXT && !ftruncate(fd, 0) && n)
        (void)!pwrite(fd, after, n, 0);
    free(after);
    free(before);
}

/* The host in the line of `pid`. */
static void find_host(int fd, long pid, char *buf, size_t n)
{
    char *text = read_text(fd), *end;
    snprintf(buf, n, "another host");
    for (char *line = text; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strtol(line, &end, 10) == pid && *end == ' ')
            snprintf(buf, n, "%.*s", (int)strcspn(end + 1, "\n"), end + 1);
    free(text);
}

static ck_status taken(const ck_lock *l, long first, long bytes, ck_error *e)
{
    struct flock held = part(F_WRLCK, first, bytes);
    char host[80], who[120] = "another run", what[80] = "every frame";
    if (fcntl(l->fd, F_GETLK, &held) || held.l_type == F_UNLCK)
        held = part(F_WRLCK, first, bytes);
    if (held.l_pid > 0) {
        find_host(l->fd, (long)held.l_pid, host, sizeof host);
        snprintf(who, sizeof who, "process %ld on %s", (long)held.l_pid, host);
    }
    long from = held.l_start > first ? held.l_start : first;
    long last = held.l_len && (!bytes || held.l_start + held.l_len < first + bytes) ? held.l_start + held.l_len - 1
                : bytes                                                             ? first + bytes - 1
                                                                                    : 0;
    if (last == from)
        snprintf(what, sizeof what, "frame %ld", from - ZERO);
    else if (last && from > FIRST)
        snprintf(what, sizeof what, "frames %ld-%ld", from - ZERO, last - ZERO);
    return ck_fail(e, CK_ERR_IO, "%s: %s: being written by %s: wait for it, or choose another OUT", l->out, what, who);
}

static ck_status lock_bytes(const ck_lock *l, long first, long bytes, ck_error *e)
{
    if (first < FIRST) {
        bytes = bytes ? bytes + first - FIRST : 0;
        first = FIRST;
    }
    if (set(l->fd, F_WRLCK, first, bytes))
        return CK_OK;
    if (errno == EAGAIN || errno == EACCES)
        return taken(l, first, bytes, e);
    if (!l->named)
        ck_log_warning("%s: cannot be locked (%s): start no other run into it", l->out, strerror(errno));
    return CK_OK;
}

static ck_status lock_range(const ck_lock *l, const ck_range *r, ck_error *e)
{
    long count = r->last == CK_RANGE_OPEN ? 0 : (r->last - r->first) / r->step + 1;
    if (r->step == 1 || count == 0 || count > MOST_BYTES)
        return lock_bytes(l, ZERO + r->first, count ? r->last - r->first + 1 : 0, e);
    ck_status s = CK_OK;
    for (long v = r->first; v <= r->last && s == CK_OK; v += r->step)
        s = lock_bytes(l, ZERO + v, 1, e);
    return s;
}

ck_status ck_lock_open(ck_lock *l, const char *out, ck_error *e)
{
    *l = (ck_lock){.out = out, .fd = -1};
    char *path;
    ck_status s = ck_mkdirs(out, e);
    if (s != CK_OK)
        return ck_fail_in(e, s == CK_ERR_ARGUMENT ? CK_ERR_IO : s, out);
    if (asprintf(&path, "%s/" NAME, out) < 0)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
    l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (l->fd < 0) {
        ck_fail_errno(e, "cannot open the lock of this folder");
        s = ck_fail_in(e, CK_ERR_IO, path);
    }
    free(path);
    return s;
}

ck_status ck_lock_frames(ck_lock *l, const ck_ranges *frames, ck_error *e)
{
    static const ck_range every = {FIRST - ZERO, CK_RANGE_OPEN, 1};
    ck_status s = CK_OK;
    bool text = take_text(l->fd);
    if (frames->n == 0)
        s = lock_range(l, &every, e);
    for (int i = 0; i < frames->n && s == CK_OK; i++)
        s = lock_range(l, &frames->r[i], e);
    if (s == CK_OK && text && !l->named)
        write_text(l->fd, true);
    l->named |= s == CK_OK;
    if (text)
        set(l->fd, F_UNLCK, 0, 1);
    return s;
}

ck_status ck_lock_joining(ck_lock *l, ck_error *e)
{
    struct flock one = part(F_WRLCK, JOINING, 1);
    while (fcntl(l->fd, F_SETLKW, &one))
        if (errno == EDEADLK || errno == ENOLCK)
            return ck_fail_errno(e, "%s: cannot be locked for joining videos", l->out);
        else if (errno != EINTR)
            break; /* a file system without locks */
    return CK_OK;
}

void ck_lock_close(ck_lock *l)
{
    if (l->fd < 0)
        return;
    bool text = take_text(l->fd);
    set(l->fd, F_UNLCK, 1, 0);
    if (text && l->named)
        write_text(l->fd, false);
    close(l->fd);
    l->fd = -1;
}
