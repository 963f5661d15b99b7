#include "greenformer/model.h"

#include <limits.h>
#include <stdlib.h>

#include "checkpoint/find.h"

static ck_status no_model(ck_error *e)
{
    char folder[PATH_MAX];
    ck_checkpoint_folder(folder, sizeof folder);
    return ck_fail(e, CK_ERR_ARGUMENT, "no model: name a checkpoint with --model or in $CK_MODEL%s%s%s",
                   *folder ? ", or put one into " : "", folder, *folder ? " (*.safetensors, *.pth)" : "");
}

ck_status ck_model_load(const char *given, int heads, unsigned parts, ck_model *m, ck_error *e)
{
    *m = (ck_model){0};
    ck_status s = ck_checkpoint_find(given, false, &m->path, e);
    if (s == CK_OK && !m->path)
        s = no_model(e);
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
