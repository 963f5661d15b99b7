/* How a model wants to be run. */
#ifndef CK_CK_ADVICE_H
#define CK_CK_ADVICE_H

#include "base/status.h"

/* *text (free() it) is what the metadata of the checkpoint `path` has under "ck_key": options as ck key would take them
 * ("--method=key --detail"), separated by spaces; NULL if there is none.  What is no checkpoint gives no advice:
 * ck-infer will say what is wrong with it. */
ck_status ck_advice_read(const char *path, char **text, ck_error *e);

#endif
