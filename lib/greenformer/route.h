/* Choice of the tokens that query global attention, by the hint: an approximation for experiments.
 *
 * A token of stage s covers 4 << s pixels on a side.  Where the hint is certain, attention is skipped; as keys and
 * values certain tokens stay. */
#ifndef CK_GREENFORMER_ROUTE_H
#define CK_GREENFORMER_ROUTE_H

#include "greenformer/spec.h"

#define CK_ROUTE_FROM 2 /* the first stage with global attention */

typedef struct ck_route {
    bool on;
    double lo, hi; /* exclusive; 0 and 1 are no bounds */
    int h, w;      /* inference size */
    int *tokens;   /* of all stages; owned */
    ck_nn_rows rows[CK_ENCODER_STAGES];
} ck_route;

/* Lists for an inference size of h x w, empty until ck_route_choose.  With lo 0 and hi 1 it stays off. */
ck_status ck_route_open(ck_route *r, double lo, double hi, int h, int w, ck_error *e);
void ck_route_close(ck_route *r);

/* Fill the lists by a frame's hint [h][w].  share: set to that of the tokens of stage CK_ROUTE_FROM; NULL is fine.
 * Nothing is done while the route is off. */
void ck_route_choose(ck_route *r, const float *hint, double *share);

/* Read "LO,HI" with 0 <= LO < HI <= 1. */
bool ck_route_parse(const char *text, double *lo, double *hi);

#endif
