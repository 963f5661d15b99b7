#include "base/tempfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char **paths;
static int n;
static size_t cap;

/* Creation and registration under one lock: no file can appear after ck_tempfiles_remove. */
int ck_tempfiles_create(const char *path, int flags)
{
    pthread_mutex_lock(&lock);
    const char **more = ck_grown(paths, (size_t)n, &cap, sizeof *more);
    int fd = -1;
    if (more) {
        paths = more;
        fd = open(path, flags, 0666);
        if (fd >= 0)
            paths[n++] = path;
    } else {
        errno = ENOMEM;
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

void ck_tempfiles_forget(const char *path)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < n; i++)
        if (paths[i] == path) {
            paths[i] = paths[--n];
            break;
        }
    if (!n) {
        free(paths);
        paths = NULL;
        cap = 0;
    }
    pthread_mutex_unlock(&lock);
}

void ck_tempfiles_remove(void)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < n; i++)
        unlink(paths[i]);
}
