/* A team of threads that works through numbered tasks together, many times per frame.
 *
 * Which thread takes which task is left to chance, so tasks must not care: each writes its own
 * part of the result.  A waiting thread spins for a few microseconds before it sleeps: between two
 * layers there is rarely more to do than to start the next. */
#ifndef CK_NN_TEAM_H
#define CK_NN_TEAM_H

#include "base/status.h"

typedef struct ck_team ck_team;

/* The caller is one of the `threads`. */
ck_status ck_team_new(int threads, ck_team **out, ck_error *e);
void ck_team_free(ck_team *t); /* NULL is fine */
int ck_team_size(const ck_team *t);

/* task(ctx, i, who) for every i in 0 … n-1; `who` < size tells threads apart (for scratch).  Returns when
 * all are done.  One run at a time. */
void ck_team_run(ck_team *t, int n, void (*task)(void *ctx, int i, int who), void *ctx);

#endif
