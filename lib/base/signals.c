#include "base/signals.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "base/tempfiles.h"
#include "base/trace.h"

void ck_signals_set(sigset_t *set)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGXFSZ};
    sigemptyset(set);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct sigaction now;
        if (!sigaction(ends[i], NULL, &now) && now.sa_handler != SIG_IGN)
            sigaddset(set, ends[i]);
    }
}

void ck_signals_die(int sig)
{
    sigset_t one;
    signal(sig, SIG_DFL);
    sigemptyset(&one);
    sigaddset(&one, sig);
    raise(sig);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    _exit(128 + sig); /* the first process of a PID namespace survives default actions */
}

/* Runs in a thread of its own, which may lock and allocate; a signal handler may not. */
static void *wait_for_end(void *arg)
{
    sigset_t set;
    int sig;
    (void)arg;
    ck_signals_set(&set);
    while (sigwait(&set, &sig))
        ;
    ck_tempfiles_remove();
    (void)ck_trace_close(NULL);
    ck_signals_die(sig);
    return NULL;
}

ck_status ck_signals_watch(ck_error *e)
{
    sigset_t set;
    pthread_t thread;
    ck_signals_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    errno = pthread_create(&thread, NULL, wait_for_end, NULL);
    if (errno)
        return ck_fail_errno(e, "cannot start the thread that waits for signals");
    pthread_detach(thread);
    return CK_OK;
}
