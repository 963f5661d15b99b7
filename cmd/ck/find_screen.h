/* The screen of the whole input, before the stages start: ranges that are keyed on different machines must agree. */
#ifndef CK_CK_FIND_SCREEN_H
#define CK_CK_FIND_SCREEN_H

#include "ck/plan.h"

/* Decode the input from its first frame on, without --frames and the files of other planes, up to the one that has a
 * screen, and add --screen to the stages that have that option and were not given it.  Nothing is added if no frame has
 * one, or if the input can only be read once or not at all, which the run reports. */
ck_status ck_find_screen(ck_plan *p, ck_error *e);

#endif
