#include "ck/watch_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "ck-run-"

static const char *parent(void)
{
    const char *tmp = getenv("TMPDIR");
    return tmp && *tmp ? tmp : "/tmp";
}

/* Open and lock the folder.  -1 if it belongs to another user, is not a folder, is gone, or is locked by another run.
 * anyway: succeed on file systems without locks. */
static int hold(int at, const char *name, bool anyway)
{
    struct stat st;
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    bool held = !flock(fd, LOCK_EX | LOCK_NB) || (anyway && errno != EWOULDBLOCK);
    if (held && !fstat(fd, &st) && st.st_uid == geteuid() && st.st_nlink)
        return fd;
    close(fd);
    return -1;
}

/* Remove the folder with its files, and close `lock`. */
static void empty_and_remove(int at, const char *name, int lock)
{
    DIR *d = fdopendir(lock);
    for (struct dirent *f; d && (f = readdir(d));)
        unlinkat(dirfd(d), f->d_name, 0);
    unlinkat(at, name, AT_REMOVEDIR);
    if (d)
        closedir(d);
    else
        close(lock);
}

static void sweep(void)
{
    DIR *d = opendir(parent());
    for (struct dirent *f; d && (f = readdir(d));) {
        int lock = strncmp(f->d_name, PREFIX, strlen(PREFIX)) ? -1 : hold(dirfd(d), f->d_name, false);
        if (lock >= 0)
            empty_and_remove(dirfd(d), f->d_name, lock);
    }
    if (d)
        closedir(d);
}

ck_status ck_watch_folder_make(ck_watch_folder *w, ck_error *e)
{
    sweep();
    /* Another run may remove the new folder before it is locked; then make another one. */
    for (int i = 0; i < 100; i++) {
        int n = snprintf(w->path, sizeof w->path, "%s/%sXXXXXX", parent(), PREFIX);
        errno = ENAMETOOLONG;
        if (n >= (int)sizeof w->path || !mkdtemp(w->path))
            break;
        w->lock = hold(AT_FDCWD, w->path, true);
        if (w->lock >= 0)
            return CK_OK;
        errno = EBUSY;
    }
    ck_fail_errno(e, "%s: cannot make a temporary folder", parent());
    *w->path = 0;
    return CK_ERR_IO;
}

void ck_watch_folder_remove(ck_watch_folder *w)
{
    if (*w->path)
        empty_and_remove(AT_FDCWD, w->path, w->lock);
    *w->path = 0;
}
