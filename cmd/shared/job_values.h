/* Figures of a finished frame in its row of ck-job.json:
 *
 *     "matte": [W, H], "coverage": C, "edge": PIXELS, "screen": [R, G, B], "noise": N, "cells": TEXT, "ms": {PROGRAM:
 * MILLISECONDS, ...}, "picture": {"file": NAME, "at": BYTE, "size": BYTES}
 *
 * image/measure.h describes the first six.  "cells" has a character of base64's alphabet for each cell.  "ms" is the
 * time that each program computed.  "picture" is a JPEG file inside OUT/NAME: plate, hint, matte and composite side by
 * side.  Each member may be absent. */
#ifndef CK_SHARED_JOB_VALUES_H
#define CK_SHARED_JOB_VALUES_H

#include <stdio.h>

#include "base/json.h"
#include "image/measure.h"

#define CK_JOB_PROGRAMS 12 /* that "ms" can have */
#define CK_REPORT_FOLDER ".ck-report"

typedef struct ck_job_values {
    bool measured;
    ck_measures m;
    int n_programs;
    struct {
        char program[24];
        double ms;
    } ms[CK_JOB_PROGRAMS]; /* in the order of the pipeline */
    char picture[64];      /* file relative to OUT; "": no picture */
    uint64_t at, size;
} ck_job_values;

/* Add the time of a program; more than CK_JOB_PROGRAMS are dropped. */
void ck_job_values_time(ck_job_values *v, const char *program, double ms);

/* Append the members that are present, each after ", ". */
void ck_job_values_put(FILE *f, const ck_job_values *v);

/* Read the value of member `key`.  *known: it is one of those above; else nothing was read. */
ck_status ck_job_values_read(ck_json *j, const char *key, ck_job_values *v, bool *known, ck_error *e);

#endif
