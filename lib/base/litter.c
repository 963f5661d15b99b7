#include "base/litter.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char **paths;
static int n, room;

/* A name that there is no memory for is left to the next run's sweep. */
void ck_litter_add(const char *path)
{
    pthread_mutex_lock(&lock);
    if (n == room) {
        const char **more = realloc(paths, (size_t)(room + 16) * sizeof *more);
        if (more) {
            paths = more;
            room += 16;
        }
    }
    if (n < room)
        paths[n++] = path;
    pthread_mutex_unlock(&lock);
}

void ck_litter_forget(const char *path)
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
        room = 0;
    }
    pthread_mutex_unlock(&lock);
}

void ck_litter_remove(void)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < n; i++)
        unlink(paths[i]);
}
