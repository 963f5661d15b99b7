#include "ck/advice.h"

#include <string.h>

#include "model/weights.h"

ck_status ck_advice_read(const char *path, char **text, ck_error *e)
{
    ck_weights *w;
    *text = NULL;
    if (ck_weights_open(path, &w, e) != CK_OK)
        return CK_OK;
    const char *said = ck_weights_meta(w, "ck_key");
    *text = said ? strdup(said) : NULL;
    ck_weights_free(w);
    return said && !*text ? ck_fail(e, CK_ERR_MEMORY, "out of memory for what %s says", path) : CK_OK;
}
