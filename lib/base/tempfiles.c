#include "base/tempfiles.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char **paths;
static int n;
static size_t cap;

/* Out of memory: the file is left to the next run's sweep. */
void ck_tempfiles_add(const char *path)
{
    pthread_mutex_lock(&lock);
    const char **more = ck_grown(paths, (size_t)n, &cap, sizeof *more);
    if (more) {
        paths = more;
        paths[n++] = path;
    }
    pthread_mutex_unlock(&lock);
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
