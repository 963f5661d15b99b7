/* The screen (green or blue) of the whole input, found before the stages start, so that ranges that are keyed on
 * different machines agree. */
#ifndef CK_CK_FIND_SCREEN_H
#define CK_CK_FIND_SCREEN_H

#include "ck/plan.h"

/* Decode the input up to the first frame that shows a screen, ignoring --frames and files of other planes.  Then add
 * --screen to the stages that have that option but were not given it.
 *
 * Nothing is added if no frame among the first 500 shows a screen, which is reported, if the input can be read only
 * once, or if it cannot be read, which the run reports. */
ck_status ck_find_screen(ck_plan *p, ck_error *e);

/* The same search without a change of the plan.  *screen: "green", "blue", or NULL if no screen was found. */
ck_status ck_look_for_screen(const ck_plan *p, const char **screen, ck_error *e);

#endif
