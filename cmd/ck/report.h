/* The report of a job: one HTML page made of its record and of the pictures that ck-encode kept. */
#ifndef CK_CK_REPORT_H
#define CK_CK_REPORT_H

#include "ck/outliers.h"
#include "ck/plan.h"
#include "ck/verify.h"

typedef struct ck_report {
    ck_verify v;                     /* the record, the last run, the job's frames */
    ck_outliers outliers;            /* and all measured rows */
    bool stills;                     /* keyed one by one: they may share numbers */
    size_t n, done;                  /* frames of the job; of these, finished ones */
    const ck_job_failure **failures; /* the last one of each frame that is not finished, ascending; owned array */
    size_t n_failures;
    long *left; /* the frames that are not finished, ascending; owned */
    size_t n_left;
} ck_report;

ck_status ck_report_open(const char *out, ck_report *r, ck_error *e);
void ck_report_close(ck_report *r);

/* Write the page.  A failed write shows in ferror. */
ck_status ck_report_page(const ck_report *r, FILE *f, ck_error *e);

/* The curves over time, as part of the page. */
void ck_report_curves(const ck_report *r, FILE *f);

/* Write the page of OUT to `path`, whole or not at all. */
ck_status ck_report_write(const char *out, const char *path, ck_error *e);

/* The command that keys what is left of a run of `ck key`; owned, NULL when out of memory. */
char *ck_report_command(const ck_plan *p);

#endif
