/* Signals that end a program: INT, TERM, HUP and XFSZ, except those that its parent set to be ignored.  Unfinished
 * files are removed and the trace is closed; then the process dies by the signal, as its parent expects. */
#ifndef CK_BASE_SIGNALS_H
#define CK_BASE_SIGNALS_H

#include <signal.h>

#include "base/status.h"

/* The set of these signals, without the ignored ones. */
void ck_signals_set(sigset_t *set);

/* Block the signals in this thread and those it starts, and start a thread that waits for them.  Must run before any
 * other thread starts.  A write beyond RLIMIT_FSIZE then fails with EFBIG instead of ending the process. */
ck_status ck_signals_watch(ck_error *e);

/* Die by `sig`, even if it is blocked or ignored.  Does not return. */
void ck_signals_die(int sig);

#endif
