/* A small network with made-up weights, which runs every operation of a real one. */
#ifndef CK_GREENFORMER_MINI_H
#define CK_GREENFORMER_MINI_H

#include "greenformer/spec.h"

#define CK_MINI_SIDE 64 /* pixels that its position embedding is for */

typedef struct ck_mini {
    ck_weights *weights;
    ck_sizes sizes;
    void *bytes; /* of the checkpoint */
} ck_mini;

ck_status ck_mini_new(ck_mini *m, ck_error *e);
void ck_mini_free(ck_mini *m);

#endif
