/* The lines of ck-job.json: objects as text, and back. */
#ifndef CK_SHARED_JOB_LINE_H
#define CK_SHARED_JOB_LINE_H

#include "shared/job.h"

/* An object of any kind but "outliers": one of the flags, `command` or `stopped` is set. */
typedef struct ck_job_line {
    bool run, frame, video, failure;
    char *command, *folder; /* set: a line of that kind; owned */
    char *stopped;          /* the same */
    ck_job_run as_run;
    ck_job_frame as_frame;
    ck_job_video as_video;
    ck_job_failure as_failure;
} ck_job_line;

/* Parse n bytes.  Free the line in any case. */
ck_status ck_job_line_read(const char *text, size_t n, ck_job_line *l, ck_error *e);
void ck_job_line_free(ck_job_line *l);

/* One line without a newline, owned; NULL when out of memory. */
char *ck_job_frame_text(const ck_job_frame *frame);
char *ck_job_video_text(const ck_job_video *video);
char *ck_job_failure_text(const ck_job_failure *failure);
char *ck_job_stopped_text(const char *text, const char *id);
char *ck_job_command_text(const char *command, const char *folder, const char *id);

void ck_job_frame_free(ck_job_frame *f);
void ck_job_video_free(ck_job_video *v);

#endif
