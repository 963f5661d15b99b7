/* A checkpoint compared with another: its tensors, and the finals of one picture. */
#ifndef CK_MODEL_AGAINST_H
#define CK_MODEL_AGAINST_H

#include "ck-model/options.h"
#include "greenformer/spec.h"

typedef struct ck_against {
    const ck_weights *weights;
    const ck_sizes *sizes;
    const char *path;
    const char *plate, *hint; /* files; NULL: a picture of its own */
} ck_against;

/* Compare with the checkpoint `o->against`, and print the differences on standard output.  The network runs in float32,
 * at o->size, else at the size of `a`. */
ck_status ck_against_print(const ck_against *a, const ck_model_options *o, ck_error *e);

#endif
