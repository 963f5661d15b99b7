/* A worker pool that runs numbered tasks, many times per frame.
 *
 * A task goes to any free thread, so tasks must write to separate memory.  An idle thread spins for some microseconds
 * before it sleeps: the next layer usually starts by then. */
#ifndef CK_NN_TEAM_H
#define CK_NN_TEAM_H

#include "base/status.h"

typedef struct ck_team ck_team;

/* `threads` includes the calling thread. */
ck_status ck_team_new(int threads, ck_team **out, ck_error *e);
void ck_team_free(ck_team *t); /* NULL is allowed */
int ck_team_size(const ck_team *t);

/* Run task(ctx, i, who) for i = 0 … n - 1 and wait for all.  `who` < ck_team_size is the thread's number, for scratch.
 * One run at a time. */
void ck_team_run(ck_team *t, int n, void (*task)(void *ctx, int i, int who), void *ctx);

#endif
