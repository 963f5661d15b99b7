/* Events of `ck key --progress json` and --progress-fd, one JSON object per line (ck(7), EVENTS).  The functions below
 * do nothing unless events are wanted. */
#ifndef CK_CK_EVENTS_H
#define CK_CK_EVENTS_H

#include "ck/plan.h"

/* CK_ERR_ARGUMENT unless the descriptor of --progress-fd can be written. */
ck_status ck_events_check(const ck_key_options *o, ck_error *e);

/* Turn events on for this process and, through the environment, for the stages that it starts. */
ck_status ck_events_start(const ck_key_options *o, ck_error *e);

void ck_events_pipeline(const ck_plan *p);                      /* `start`: a pipeline starts */
void ck_events_stage(const char *program, int status, int sig); /* `stage`: it has ended; sig 0: not killed */
void ck_events_done(int status);                                /* `done` */

#endif
