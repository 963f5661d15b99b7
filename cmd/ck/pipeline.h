/* Start the stages of a plan, connect them, wait for them. */
#ifndef CK_CK_PIPELINE_H
#define CK_CK_PIPELINE_H

#include "ck/plan.h"

/* The exit status of the whole: 0, 1, 2 or 3 as the stages'; says which stage was killed.  *interrupted: the signal
 * that ended the run, else 0.  The signals of ck_signals_set are blocked from then on, and are the caller's to die by.
 */
int ck_pipeline_run(const ck_plan *p, int *interrupted);

/* Of two exit statuses the graver: 0 < 3 < 2 < 1. */
int ck_pipeline_worse(int a, int b);

#endif
