/* Find, open and check a checkpoint, for ck-infer and ck-refine. */
#ifndef CK_GREENFORMER_MODEL_H
#define CK_GREENFORMER_MODEL_H

#include "greenformer/network.h"

typedef struct ck_model {
    ck_weights *weights;
    ck_spec table; /* the caller reports its warnings */
    char *path;
} ck_model;

/* given: see ck_checkpoint_find, for a green screen; no model is an error here.  parts: parts whose values are checked.
 * Errors name the file. */
ck_status ck_model_load(const char *given, int heads, unsigned parts, ck_model *m, ck_error *e);
void ck_model_free(ck_model *m); /* leaves it empty */

#endif
