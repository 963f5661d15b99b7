/* The frames that earlier runs of a job have finished, by its record and the files that are there. */
#ifndef CK_CK_FINISHED_H
#define CK_CK_FINISHED_H

#include "ck/shot.h"
#include "shared/job.h"

/* finished: per frame of the shot, set to true if every output of it is there as it was written.  id: of the job's
 * settings.  CK_ERR_ARGUMENT if the file that a finished frame was made of has changed. */
ck_status ck_finished_find(const char *out, const ck_job *job, const char *id, const ck_shot *shot, bool *finished,
                           ck_error *e);

#endif
