#include "base/outfile.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/tempfiles.h"

#define PREFIX ".ck-"
#define SUFFIX ".tmp"

static bool sync_files; /* ck_outfile_sync */

void ck_outfile_sync(bool on)
{
    sync_files = on;
}

bool ck_outfile_syncs(void)
{
    return sync_files;
}

/* Length of the folder part including the last slash; 0 without one. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

static char place[9]; /* hexadecimal */

static uint32_t add_hash(uint32_t h, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)text[i]) * 16777619u;
    return h;
}

/* Hash of the host's name, the boot and the PID namespace; each may be unknown. */
static void find_place(void)
{
    struct utsname u;
    char boot[64], space[64];
    uint32_t h = 2166136261u;
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, boot, sizeof boot), k = readlink("/proc/self/ns/pid", space, sizeof space);
    if (fd >= 0)
        close(fd);
    if (!uname(&u))
        h = add_hash(h, u.nodename, strlen(u.nodename));
    h = add_hash(h, boot, n > 0 ? (size_t)n : 0);
    h = add_hash(h, space, k > 0 ? (size_t)k : 0);
    snprintf(place, sizeof place, "%08" PRIx32, h);
}

static const char *this_place(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_place);
    return place;
}

/* The temporary file's path, in the folder of `path`; owned, NULL when out of memory.  The count keeps files of one
 * process apart even if their names had to be cut at NAME_MAX. */
static char *temp_name(const char *path)
{
    static atomic_ulong count;
    size_t folder = folder_length(path);
    const char *name = path + folder;
    char head[64];
    int n =
        snprintf(head, sizeof head, PREFIX "%ld.%s-%lu-", (long)getpid(), this_place(), atomic_fetch_add(&count, 1));
    size_t most = NAME_MAX - (size_t)n - strlen(SUFFIX), len = strlen(name);
    /* Cut between UTF-8 characters: some file systems refuse incomplete ones. */
    if (len > most)
        for (len = most; len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80;)
            len--;
    char *temp;
    if (asprintf(&temp, "%.*s%s%.*s" SUFFIX, (int)folder, path, head, (int)len, name) < 0)
        return NULL;
    return temp;
}

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
}

/* Follow links: *path becomes the real target.  *special = 1 for a device or pipe. */
static ck_status resolve(char **path, int *special, ck_error *e)
{
    struct stat st;
    *special = 0;
    size_t folder = folder_length(*path);
    if (strlen(*path + folder) == 0)
        return ck_fail(e, CK_ERR_ARGUMENT, "cannot write: this is a folder");
    if (lstat(*path, &st))
        return errno == ENOENT ? CK_OK : ck_fail_errno(e, "cannot write");
    if (S_ISLNK(st.st_mode)) {
        if (stat(*path, &st))
            return ck_fail_errno(e, "cannot write through this link: repair or remove it");
        /* The target of /dev/stdout may have no path; then it is written in place. */
        char *real = S_ISREG(st.st_mode) ? realpath(*path, NULL) : NULL;
        if (S_ISREG(st.st_mode) && !real)
            return ck_fail_errno(e, "cannot follow this link");
        if (real) {
            free(*path);
            *path = real;
        }
    }
    if (S_ISDIR(st.st_mode))
        return ck_fail(e, CK_ERR_ARGUMENT, "cannot write: a folder of this name is in the way");
    *special = !S_ISREG(st.st_mode);
    return CK_OK;
}

ck_status ck_outfile_open(ck_outfile *o, const char *path, ck_error *e)
{
    *o = (ck_outfile){.path = strdup(path), .fd = -1};
    if (!o->path)
        return no_memory(e);
    int special;
    ck_status s = resolve(&o->path, &special, e);
    if (s == CK_OK) {
        o->temp = special ? strdup(o->path) : temp_name(o->path);
        if (!o->temp)
            s = no_memory(e);
    }
    if (s == CK_OK) {
        o->fd = special ? open(o->temp, O_WRONLY | O_CLOEXEC)
                        : ck_tempfiles_create(o->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC);
        if (o->fd < 0) {
            s = ck_fail_errno(e, special ? "cannot write" : "cannot create a file in its folder");
            free(o->temp);
            o->temp = NULL;
        }
    }
    /* Errors are ignored: on file systems without locks, ck_outfile_sweep goes by the process number only. */
    if (s == CK_OK && !special)
        (void)flock(o->fd, LOCK_EX | LOCK_NB);
    if (s != CK_OK)
        ck_outfile_discard(o);
    return s;
}

/* Flush the folder that holds `path`: the name of a new file is in it.  Some file systems cannot flush folders; they
 * answer EINVAL, and keep names safe by other means or not at all. */
static ck_status sync_folder_of(const char *path, ck_error *e)
{
    size_t n = folder_length(path);
    char *folder = n ? strndup(path, n) : strdup(".");
    if (!folder)
        return no_memory(e);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    ck_status s = CK_OK;
    if (fd < 0 || (fsync(fd) && errno != EINVAL))
        s = ck_fail_errno(e, "cannot flush its folder to the disk");
    if (fd >= 0)
        close(fd);
    return s;
}

static int in_place(const ck_outfile *o)
{
    return !strcmp(o->path, o->temp);
}

ck_status ck_outfile_commit(ck_outfile *o, ck_error *e)
{
    ck_status s = CK_OK;
    bool sync = sync_files && !in_place(o);
    if (sync && fsync(o->fd))
        s = ck_fail_errno(e, "cannot flush the file to the disk");
    /* Keep the lock beyond close(), which is where network file systems report a full disk. */
    int lock = dup(o->fd);
    if (close(o->fd) && errno != EINTR && s == CK_OK)
        s = ck_fail_errno(e, "cannot finish writing");
    o->fd = lock;
    if (s == CK_OK && !in_place(o) && rename(o->temp, o->path))
        s = ck_fail_errno(e, "cannot rename the finished file to its name");
    if (s == CK_OK) {
        ck_tempfiles_forget(o->temp);
        free(o->temp);
        o->temp = NULL;
        s = sync ? sync_folder_of(o->path, e) : CK_OK;
    }
    ck_outfile_discard(o);
    return s;
}

void ck_outfile_discard(ck_outfile *o)
{
    if (o->temp && o->path && !in_place(o)) {
        unlink(o->temp);
        ck_tempfiles_forget(o->temp);
    }
    if (o->fd >= 0)
        close(o->fd);
    free(o->path);
    free(o->temp);
    *o = (ck_outfile){.fd = -1};
}

ck_status ck_write_all(int fd, const void *data, size_t n, off_t at, ck_error *e)
{
    const char *from = data;
    while (n) {
        ssize_t k = at < 0 ? write(fd, from, n) : pwrite(fd, from, n, at);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return ck_fail_errno(e, "cannot write");
        from += k;
        n -= (size_t)k;
        if (at >= 0)
            at += k;
    }
    return CK_OK;
}

ck_status ck_outfile_write(ck_outfile *o, const void *data, size_t n, ck_error *e)
{
    return ck_write_all(o->fd, data, n, -1, e);
}

ck_status ck_outfile_write_at(ck_outfile *o, const void *data, size_t n, uint64_t offset, ck_error *e)
{
    if (offset > INT64_MAX - n)
        return ck_fail(e, CK_ERR_ARGUMENT, "cannot write: the file would exceed 8 EiB");
    return ck_write_all(o->fd, data, n, (off_t)offset, e);
}

/* Create one folder.  An existing one is fine, also if another process has just created it. */
static ck_status make_folder(const char *path, ck_error *e)
{
    struct stat st;
    if (!mkdir(path, 0777))
        return sync_files ? sync_folder_of(path, e) : CK_OK;
    int err = errno;
    if (!stat(path, &st) && S_ISDIR(st.st_mode))
        return CK_OK;
    errno = err;
    if (err == EEXIST || err == ENOTDIR)
        return ck_fail(e, CK_ERR_IO, "cannot make this folder: a file of this name is in the way");
    return ck_fail_errno(e, "cannot make this folder");
}

ck_status ck_mkdirs(const char *path, ck_error *e)
{
    char *p = strdup(path);
    if (!p)
        return no_memory(e);
    ck_status s = CK_OK;
    for (char *slash = strchr(p + (*p == '/'), '/'); slash && s == CK_OK; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        s = make_folder(p, e);
        *slash = '/';
    }
    if (s == CK_OK)
        s = make_folder(p, e);
    free(p);
    return s;
}

/* True if the name is that of a temporary file of this project whose process may be gone.  *here: it is gone, since it
 * ran in this place; else only the file's lock can tell. */
static bool may_be_orphan(const char *name, bool *here)
{
    size_t n = strlen(name);
    if (strncmp(name, PREFIX, strlen(PREFIX)) || n < strlen(PREFIX SUFFIX) || strcmp(name + n - strlen(SUFFIX), SUFFIX))
        return false;
    const char *digits = name + strlen(PREFIX);
    char *end;
    errno = 0;
    long pid = isdigit((unsigned char)*digits) ? strtol(digits, &end, 10) : 0;
    if (pid <= 0 || pid > INT_MAX || errno)
        return false;
    size_t n_place = *end == '.' ? strspn(end + 1, "0123456789abcdef") : 0;
    if (end[n_place ? n_place + 1 : 0] != '-')
        return false;
    *here = !n_place || (n_place == strlen(this_place()) && !strncmp(end + 1, this_place(), n_place));
    return !*here || (kill((pid_t)pid, 0) && errno == ESRCH);
}

void ck_outfile_sweep(const char *dir)
{
    DIR *d = opendir(dir);
    if (!d)
        return;
    bool here;
    for (struct dirent *entry; (entry = readdir(d));) {
        if (!may_be_orphan(entry->d_name, &here))
            continue;
        int fd = openat(dirfd(d), entry->d_name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (!flock(fd, LOCK_EX | LOCK_NB) || (here && errno != EWOULDBLOCK))
            unlinkat(dirfd(d), entry->d_name, 0);
        close(fd);
    }
    closedir(d);
}
