#ifndef CK_CK_OPTIONS_H
#define CK_CK_OPTIONS_H

#include "base/option.h"

enum { CK_PROGRESS_AUTO, CK_PROGRESS_JSON };
enum { CK_QUALITY_AUTO, CK_QUALITY_DRAFT, CK_QUALITY_GOOD, CK_QUALITY_BEST };

typedef struct ck_key_options {
    ck_common common;
    bool dry;           /* print the pipeline, run nothing */
    int quality;        /* CK_QUALITY_AUTO, … */
    int progress;       /* CK_PROGRESS_AUTO, … */
    int progress_fd;    /* descriptor for events; 0 = none */
    bool profile;       /* print a table of each stage's times at the end */
    bool resume;        /* do only what OUT/ck-job.json does not list as finished */
    const char *chunk;  /* "I/N", or NULL */
    const char *report; /* page to write at the end, or NULL */
    const char *jobs;   /* list of shots, or NULL */
    int shots;          /* of the list, at once */
} ck_key_options;

/* Parse "I/N", 1 <= I <= N; CK_ERR_ARGUMENT. */
ck_status ck_chunk_parse(const char *text, long *i, long *n, ck_error *e);

extern const ck_program ck_key_program;

#endif
