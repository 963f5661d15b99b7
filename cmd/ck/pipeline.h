/* Start the stages of a plan, connect them, wait for them. */
#ifndef CK_CK_PIPELINE_H
#define CK_CK_PIPELINE_H

#include "ck/plan.h"

/* The exit status of the whole: 0, 1, 2 or 3 as the stages'; says which stage was killed. */
int ck_pipeline_run(const ck_plan *p);

/* Of two exit statuses the graver: 0 < 3 < 2 < 1. */
int ck_pipeline_worse(int a, int b);

#endif
