/* Settings of a job for ck-job.json: all that changes its pixels, which are options, files and model. */
#ifndef CK_CK_SETTINGS_H
#define CK_CK_SETTINGS_H

#include "ck/plan.h"
#include "shared/job.h"

/* Fill run->pairs and run->id from the plan; the screen must have been found.  Options appear as text in one order,
 * files by name, size and time, the model by a hash of its bytes. */
ck_status ck_settings_of(const ck_plan *p, ck_job_run *run, ck_error *e);

/* The pair "input" alone: name and identity of INPUT; owned by the caller, NULL if it cannot be read. */
char *ck_settings_input(const ck_plan *p);

/* CK_OK if both have the same pairs; else CK_ERR_ARGUMENT that names the first that differs. */
ck_status ck_settings_same(const ck_job_run *before, const ck_job_run *now, const char *out, ck_error *e);

#endif
