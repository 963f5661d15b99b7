/* The list of `ck key --jobs LIST`: a shot a line, "INPUT OUT [OPTION...]". */
#ifndef CK_CK_SHOTS_H
#define CK_CK_SHOTS_H

#include <sys/types.h>

#include "ck/plan.h"

typedef struct ck_shot {
    char *line;   /* as in the list; owned */
    int number;   /* of the line, from 1 */
    char **argv;  /* "ck key" and its words, NULL at the end; strings borrowed from `words`, the plan and `threads` */
    char **words; /* of the line; owned */
    char *input;  /* owned */
    char *out;    /* absolute path; owned */
    pid_t pid;    /* 0: not running */
    int status;   /* exit status; -1: it has not ended */
    int sig;      /* signal that killed it, or 0 */
} ck_shot;

typedef struct ck_shots {
    ck_shot *items;
    int n;
    int at_once;      /* at most n */
    char threads[32]; /* "--threads=K": each shot's share of the cores */
} ck_shots;

/* Read the list and check every line as `ck key` would, with the options of `p` before its own.  Two shots with one OUT
 * are refused.  A wrong line is CK_ERR_ARGUMENT, "LIST:LINE: …". */
ck_status ck_shots_read(ck_shots *s, const ck_plan *p, ck_error *e);
void ck_shots_free(ck_shots *s);

#endif
