#include "greenformer/model.h"

#include <stdlib.h>

#include "checkpoint/find.h"

ck_status ck_model_load(const char *given, int heads, unsigned parts, ck_model *m, ck_error *e)
{
    *m = (ck_model){0};
    ck_status s = ck_checkpoint_find(given, &m->path, e);
    if (s == CK_OK && !m->path)
        s = ck_fail(e, CK_ERR_ARGUMENT, "no model: name a checkpoint with --model or in $CK_MODEL (see ck(7), MODEL)");
    if (s != CK_OK)
        return s;
    s = ck_weights_open(m->path, &m->weights, e);
    if (s == CK_OK)
        s = ck_spec_check(m->weights, heads, false, parts, &m->table, e);
    if (s == CK_OK)
        return s;
    s = ck_fail_in(e, s, m->path);
    ck_model_free(m);
    return s;
}

void ck_model_free(ck_model *m)
{
    ck_weights_free(m->weights);
    free(m->path);
    *m = (ck_model){0};
}
