/* The surroundings' part in a map pixel's coverage. */
#ifndef CK_KEY_SURROUND_H
#define CK_KEY_SURROUND_H

#include "key/part.h"

/* lends (ch,cw): how much of a sure pixel's colour is the subject's own.  Sets m->held, m->edge_light and m->edge_hue.
 */
ck_status ck_key_surround(ck_key_map *m, float *lends, ck_error *e);

/* From m->mean, bare and solid: expect_bare and expect_solid. */
void ck_key_expectations(ck_key_map *m);

#endif
