/* ck key --jobs LIST: several shots, each by a `ck key` of its own. */
#ifndef CK_CK_JOBS_H
#define CK_CK_JOBS_H

#include "ck/plan.h"

/* Run all shots of the list, p->own.shots at once.  Returns the worst exit status; dies by a signal that ended the run.
 * LIST.failed then has the lines to run again. */
int ck_jobs_run(const ck_plan *p);

#endif
