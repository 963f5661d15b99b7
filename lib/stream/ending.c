#include "stream/ending.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct ck_ending {
    int in, out, hurry, stop; /* hurry, stop: eventfds */
    int grace;                /* ms */
    ck_ending_events events;
    void *ctx;
    pthread_t thread;
};

/* poll(2) that restarts after EINTR; 0 after `limit` ms without an event. */
static int wait_for(struct pollfd *p, int n, int limit)
{
    int got;
    do
        got = poll(p, (nfds_t)n, limit);
    while (got < 0 && errno == EINTR);
    return got;
}

/* Wait for the end of the run.  True if it has failed. */
static bool watch_for_failure(ck_ending *n)
{
    /* No events are requested: POLLHUP and POLLERR are reported whatever `events` says. */
    struct pollfd p[4] = {
        {.fd = n->stop, .events = POLLIN}, {.fd = n->hurry, .events = POLLIN}, {.fd = n->out}, {.fd = n->in}};
    for (;;) {
        wait_for(p, 4, -1);
        if (p[0].revents)
            return false;
        if (p[2].revents)
            n->events.out_closed(n->ctx);
        if (p[1].revents || p[2].revents)
            return true;
        if (p[3].revents && n->events.in_closed(n->ctx))
            return true;
        p[3].fd = -1;
    }
}

static void *watch(void *arg)
{
    ck_ending *n = arg;
    struct pollfd stop = {.fd = n->stop, .events = POLLIN};
    if (watch_for_failure(n) && wait_for(&stop, 1, n->grace) == 0)
        n->events.late(n->ctx);
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

ck_status ck_ending_start(int in, int out, double grace, const ck_ending_events *events, void *ctx, ck_ending **result,
                          ck_error *e)
{
    *result = NULL;
    ck_ending *n = malloc(sizeof *n);
    if (!n)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *n = (ck_ending){.in = in, .out = out, .grace = (int)(grace * 1000), .events = *events, .ctx = ctx};
    n->hurry = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    n->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    *result = n; /* before the thread starts: its callbacks may use it */
    if (n->hurry < 0 || n->stop < 0 || (errno = pthread_create(&n->thread, NULL, watch, n))) {
        ck_status s = ck_fail_errno(e, "cannot start the thread that watches standard input and output");
        *result = NULL;
        release(n);
        return s;
    }
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
