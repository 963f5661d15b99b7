/* OUT/ck-job.json: what `ck key` was asked for, and what it has finished.
 *
 * A JSON array, one object a line, in the order of writing.  Every run appends; nothing is changed.
 *
 *     {"job": ID, "frames": LIST, "chunks": N, "length": N, KEY: VALUE, ...}
 *     {"frame": NUMBER, "job": ID, "input": "SIZE MTIME", "videos": [NAME, ...],
 *      "files": [{"name": NAME, "size": BYTES, "mtime": "SECONDS.NANOSECONDS"}, ...], FIGURES}
 *     {"failure": NUMBER, "job": ID, "text": TEXT}
 *     {"stopped": TEXT, "job": ID}
 *     {"command": TEXT, "folder": PATH, "job": ID}
 *     {"outliers": [{"frame": NUMBER, "score": S, "text": TEXT}, ...], "job": ID}
 *     {"video": NAME, "job": ID, "frames": LIST, "failed": LIST, "size": BYTES, "mtime": "..."}
 *
 * The first kind is written when a run begins: the frames of the whole job, the number of its chunks, and the number of
 * frames of the whole video, "0" if unknown.  The other pairs are what changes pixels; ID is their hash.  LIST is as in
 * --frames, names are relative to OUT.  "input" is the state of the frame's own input file (ck_inputs_state); it is ""
 * if INPUT is a video.  FIGURES are those of shared/job_values.h.
 *
 * A failure counts until a later line has the frame finished.  "stopped" says why a run ended before its last frame.
 * "command" is the command line of `ck key --report` and the folder that its paths are relative to.  "outliers" lists
 * the frames that differ from their neighbours, the worst first; the last such line counts.
 */
#ifndef CK_SHARED_JOB_H
#define CK_SHARED_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "shared/job_values.h"
#include "stream/meta.h"

#define CK_JOB_FILE "ck-job.json"
#define CK_JOB_ENV "CK_JOB"                   /* from `ck key` to ck-encode: an object of the first kind */
#define CK_JOB_SEGMENTS_ENV "CK_JOB_SEGMENTS" /* set: videos are written in segments */
#define CK_JOB_REPORT_ENV "CK_JOB_REPORT"     /* set: pictures for a report are kept; its value is the command */
#define CK_JOB_ONE_BY_ONE "each"              /* the frames of a run that keyed stills one by one */
#define CK_SEGMENTS ".ck-segments"            /* OUT/.ck-segments/comp.mov/ holds the segments of comp.mov */
#define CK_SEGMENT_FRAMES 250                 /* segments are cut at positions that are multiples of this */

typedef struct ck_job_run {
    char id[17];
    char *frames;  /* list; owned */
    long chunks;   /* 1 = not divided */
    long length;   /* frames of INPUT if it is a video and they have been counted, else 0 */
    ck_meta pairs; /* what changes pixels */
} ck_job_run;

typedef struct ck_job_file {
    char *name; /* owned */
    uint64_t size;
    int64_t sec;
    long nsec;
} ck_job_file;

typedef struct ck_job_frame {
    long number;
    char id[17];
    char *input;        /* owned */
    ck_job_file *files; /* owned */
    int n;
    char **videos; /* owned */
    int n_videos;
    ck_job_values *values; /* owned; NULL: none */
    size_t order;          /* line in the file */
} ck_job_frame;

typedef struct ck_job_failure {
    long number;
    char id[17];
    char *text; /* owned */
    size_t order;
} ck_job_failure;

typedef struct ck_job_video {
    char id[17];
    ck_job_file file;
    char *frames, *failed; /* owned */
} ck_job_video;

typedef struct ck_job {
    ck_job_run *runs;
    size_t n_runs, cap_runs;
    ck_job_frame *frames; /* ascending by number; of lines with the same number and files, the last only */
    size_t n_frames, cap_frames;
    ck_job_video *videos;
    size_t n_videos, cap_videos;
    ck_job_failure *failures; /* in the order of writing */
    size_t n_failures, cap_failures;
    char *command, *folder; /* of the last such line, or NULL; owned */
    char *stopped;          /* the same */
    char *outliers;         /* the last such line, or NULL; owned */
    size_t lines;
} ck_job;

/* Set run->id from the pairs. */
ck_status ck_job_name(ck_job_run *run, ck_error *e);
/* The object as one line of JSON without a newline, owned; NULL when out of memory. */
char *ck_job_run_text(const ck_job_run *run);
ck_status ck_job_run_parse(const char *text, ck_job_run *out, ck_error *e);
void ck_job_run_free(ck_job_run *run);

/* Read OUT/ck-job.json.  A missing file is an empty job; an incomplete last line is ignored. */
ck_status ck_job_read(const char *out, ck_job *job, ck_error *e);
void ck_job_free(ck_job *job);
/* The row of a frame with that ID, or NULL. */
const ck_job_frame *ck_job_frame_of(const ck_job *job, long number, const char *id);
/* True if the last attempt at the frame failed: no later line has it finished with the same ID. */
bool ck_job_failed(const ck_job *job, const ck_job_failure *f);
/* The last row of a video with this name and ID, or NULL. */
const ck_job_video *ck_job_video_of(const ck_job *job, const char *name, const char *id);

/* Append to OUT/ck-job.json, under a lock.  A run is left out if the last one is the same. */
ck_status ck_job_add_run(const char *out, const ck_job_run *run, ck_error *e);
ck_status ck_job_add_frame(const char *out, const ck_job_frame *frame, ck_error *e);
ck_status ck_job_add_video(const char *out, const ck_job_video *video, ck_error *e);
ck_status ck_job_add_failure(const char *out, const ck_job_failure *failure, ck_error *e);
ck_status ck_job_add_command(const char *out, const char *command, const char *folder, const char *id, ck_error *e);
ck_status ck_job_add_stopped(const char *out, const char *text, const char *id, ck_error *e);
/* Append `line`, an object of the kind "outliers". */
ck_status ck_job_add_outliers(const char *out, const char *line, ck_error *e);

/* Fill in size and time of OUT/NAME. */
ck_status ck_job_stat(const char *out, ck_job_file *f, ck_error *e);
/* True if OUT/NAME has that size and time. */
bool ck_job_file_is(const char *out, const ck_job_file *f);

#endif
