/* Start the stages of a plan, connect them, wait for them. */
#ifndef CK_CK_PIPELINE_H
#define CK_CK_PIPELINE_H

#include "ck/plan.h"

/* Run the pipeline.  Returns the worst exit status of the stages, and reports which stage was killed.  *interrupted:
 * the signal that ended the run, else 0.  The signals of ck_signals_set stay blocked afterwards; the caller raises
 * *interrupted again when it has cleaned up. */
int ck_pipeline_run(const ck_plan *p, int *interrupted);

/* The worse of two exit statuses: 0 < 3 < 2 < 1. */
int ck_pipeline_worse(int a, int b);

#endif
