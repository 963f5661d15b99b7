/* Signals that end a program: INT, TERM, HUP and XFSZ, unless its parent ignores them for it.  Unfinished files are
 * removed and the trace is closed first; then the process dies by the signal, as its parent expects. */
#ifndef CK_BASE_SIGNALS_H
#define CK_BASE_SIGNALS_H

#include <signal.h>

#include "base/status.h"

/* The signals, without those that are ignored. */
void ck_signals_set(sigset_t *set);

/* Block them in this thread and in those that it starts later, and start a thread that waits for them.  A write beyond
 * RLIMIT_FSIZE then fails with EFBIG instead of ending the process.  Before any other thread starts. */
ck_status ck_signals_watch(ck_error *e);

/* Die by `sig`, which may be blocked or ignored. */
void ck_signals_die(int sig);

#endif
