/* Videos made of finished segments. */
#ifndef CK_CK_JOIN_H
#define CK_CK_JOIN_H

#include "ck/shot.h"
#include "shared/job.h"

/* True if OUT/NAME has been finished with all frames of the job. */
bool ck_video_is_whole(const char *out, const ck_job *job, const char *name, const char *id, const ck_shot *shot);

/* Make the videos whose segments are all there, and remove those segments.  Call when a run has ended.  Waits while
 * another run joins videos. */
ck_status ck_join_videos(const char *out, const ck_job_run *run, const ck_shot *shot, ck_error *e);

#endif
