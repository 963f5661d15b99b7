#include "stream/ending.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct ck_ending {
    int fd, hurry, stop; /* the latter two are eventfds */
    int grace;           /* ms */
    void (*closed)(void *ctx);
    void (*late)(void *ctx);
    void *ctx;
    pthread_t thread;
};

/* Wait for events; 0 when `limit` ms have passed. */
static int wait_for(struct pollfd *p, int n, int limit)
{
    int got;
    do
        got = poll(p, (nfds_t)n, limit);
    while (got < 0 && errno == EINTR);
    return got;
}

static void *watch(void *arg)
{
    ck_ending *n = arg;
    /* No events asked for: POLLERR, which says that nobody reads, comes unasked. */
    struct pollfd p[3] = {{.fd = n->stop, .events = POLLIN}, {.fd = n->hurry, .events = POLLIN}, {.fd = n->fd}};
    wait_for(p, 3, -1);
    if (p[0].revents)
        return NULL;
    if (p[2].revents)
        n->closed(n->ctx);
    if (wait_for(p, 1, n->grace) == 0)
        n->late(n->ctx);
    return NULL;
}

static void release(ck_ending *n)
{
    if (n->hurry >= 0)
        close(n->hurry);
    if (n->stop >= 0)
        close(n->stop);
    free(n);
}

ck_status ck_ending_start(int fd, double grace, void (*closed)(void *ctx), void (*late)(void *ctx), void *ctx,
                          ck_ending **out, ck_error *e)
{
    *out = NULL;
    ck_ending *n = malloc(sizeof *n);
    if (!n)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *n = (ck_ending){.fd = fd, .grace = (int)(grace * 1000), .closed = closed, .late = late, .ctx = ctx};
    n->hurry = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    n->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (n->hurry < 0 || n->stop < 0 || (errno = pthread_create(&n->thread, NULL, watch, n))) {
        ck_status s = ck_fail_errno(e, "cannot start the thread that watches standard output");
        release(n);
        return s;
    }
    *out = n;
    return CK_OK;
}

static void tell(int event)
{
    uint64_t one = 1;
    (void)!write(event, &one, sizeof one);
}

void ck_ending_hurry(ck_ending *n)
{
    tell(n->hurry);
}

void ck_ending_stop(ck_ending *n)
{
    if (!n)
        return;
    tell(n->stop);
    pthread_join(n->thread, NULL);
    release(n);
}
