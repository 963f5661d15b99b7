#include "checkpoint/map.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAPS 16 /* files guarded at once; further ones are not guarded */

/* Read by a signal handler: atomics, no lock. */
static struct {
    atomic_uintptr_t begin, end; /* 0: free */
    atomic_bool cut;
} maps[MAPS];

static int find(uintptr_t p)
{
    for (int i = 0; i < MAPS; i++)
        if (p >= atomic_load(&maps[i].begin) && p < atomic_load(&maps[i].end))
            return i;
    return -1;
}

/* Inside a guarded map, replace the rest by zeros, so that the failed read continues.  Elsewhere, restore SIGBUS's
 * default action. */
static void on_bus(int sig, siginfo_t *info, void *context)
{
    (void)context;
    int saved = errno, i = find((uintptr_t)info->si_addr);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at = (uintptr_t)info->si_addr & ~(page - 1);
    if (i >= 0)
        atomic_store(&maps[i].cut, true);
    if (i < 0 || mmap((void *)at, atomic_load(&maps[i].end) - at, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                      -1, 0) == MAP_FAILED)
        signal(sig, SIG_DFL);
    errno = saved;
}

static void install(void)
{
    struct sigaction act = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
    sigemptyset(&act.sa_mask);
    sigaction(SIGBUS, &act, NULL);
}

static void guard(const void *map, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    for (int i = 0; i < MAPS; i++) {
        uintptr_t none = 0;
        if (!atomic_compare_exchange_strong(&maps[i].begin, &none, (uintptr_t)map))
            continue;
        atomic_store(&maps[i].cut, false);
        atomic_store(&maps[i].end, (uintptr_t)map + size);
        return;
    }
}

ck_status ck_map_open(int fd, void **map, size_t *size, ck_error *e)
{
    struct stat st;
    *map = NULL;
    if (fstat(fd, &st))
        return ck_fail_errno(e, "cannot open the model");
    if (!S_ISREG(st.st_mode))
        return ck_fail(e, CK_ERR_ARGUMENT, "not a regular file: a model cannot be a pipe, device or folder");
    if (st.st_size == 0)
        return ck_fail(e, CK_ERR_FORMAT, "the file is empty: is the download complete?");
    *size = (size_t)st.st_size;
    void *p = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return ck_fail_errno(e, "cannot map the model");
    guard(p, *size);
    *map = p;
    return CK_OK;
}

void ck_map_close(void *map, size_t size)
{
    int i = find((uintptr_t)map);
    if (i >= 0) {
        atomic_store(&maps[i].end, 0);
        atomic_store(&maps[i].begin, 0);
    }
    munmap(map, size);
}

bool ck_map_cut(const void *p)
{
    int i = find((uintptr_t)p);
    return i >= 0 && atomic_load(&maps[i].cut);
}
