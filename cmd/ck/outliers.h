/* Frames of a job that differ from their neighbours, by the figures in its record. */
#ifndef CK_CK_OUTLIERS_H
#define CK_CK_OUTLIERS_H

#include "shared/job.h"

typedef struct ck_outlier {
    size_t at;      /* index in `rows` */
    double score;   /* deviation over the least that is listed; at least 1 */
    char text[400]; /* figures, and those expected */
} ck_outlier;

typedef struct ck_outliers {
    const ck_job_frame **rows; /* the measured frames, ascending; borrowed rows, owned array */
    double *flicker; /* per row: mean change of a cell against its neighbours' mean, 0...1; NAN: no neighbours */
    size_t n_rows;
    ck_outlier *items; /* the worst first; owned */
    size_t n, cap;
} ck_outliers;

/* Compare the frames with that ID.  Those of stills keyed one by one are measured, but have no neighbours. */
ck_status ck_outliers_find(const ck_job *job, const char *id, ck_outliers *out, ck_error *e);
void ck_outliers_free(ck_outliers *o);

/* Find them, and append the list to OUT/ck-job.json unless the last list there is the same.  Without outliers there is
 * no first list. */
ck_status ck_outliers_record(const char *out, ck_error *e);

#endif
