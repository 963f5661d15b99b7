/* Events of `ck key --progress json` on standard output, one JSON object per line (ck(7), EVENTS). */
#ifndef CK_CK_EVENTS_H
#define CK_CK_EVENTS_H

#include "ck/plan.h"

/* Turn events on for this process and, through the environment, for the stages that it starts. */
ck_status ck_events_start(ck_error *e);

void ck_event_start(const ck_plan *p);                         /* the pipeline starts, with these stages */
void ck_event_stage(const char *program, int status, int sig); /* a stage has ended; sig 0: not killed */
void ck_event_end(int status);                                 /* the pipeline has ended */

#endif
