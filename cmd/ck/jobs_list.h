/* The list of `ck key --jobs LIST`: a shot a line, "INPUT OUT [OPTION...]". */
#ifndef CK_CK_JOBS_LIST_H
#define CK_CK_JOBS_LIST_H

#include <sys/types.h>

#include "ck/plan.h"

typedef struct ck_jobs_shot {
    char *line;   /* as in the list; owned */
    int number;   /* of the line, from 1 */
    char **argv;  /* "ck key" and its words, NULL at the end; strings borrowed from `words`, the plan and `threads` */
    char **words; /* of the line; owned */
    char *input;  /* owned */
    char *out;    /* absolute path; owned */
    pid_t pid;    /* 0: not running */
    int status;   /* exit status; -1: it has not ended */
    int sig;      /* signal that killed it, or 0 */
} ck_jobs_shot;

typedef struct ck_jobs_list {
    ck_jobs_shot *items;
    int n;
    int at_once;      /* at most n */
    char threads[32]; /* "--threads=K": each shot's share of the cores */
} ck_jobs_list;

/* Read the list and check every line as `ck key` would, with the options of `p` before its own.  Two shots with one OUT
 * are refused.  A wrong line is CK_ERR_ARGUMENT, "LIST:LINE: …". */
ck_status ck_jobs_list_read(ck_jobs_list *s, const ck_plan *p, ck_error *e);
void ck_jobs_list_free(ck_jobs_list *s);

#endif
