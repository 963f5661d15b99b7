/* Backends that are opened at run time, so that one build of the programs runs with and without what they need.
 *
 * libck-NAME.so exports one function, ck_nn_plugin.  It is looked for in the folder that $CK_LIB names or, where that
 * is not set, in ../lib/ck beside the program's folder, then in that folder itself. */
#ifndef CK_NN_PLUGIN_H
#define CK_NN_PLUGIN_H

#include "nn/nn.h"

/* What both sides must agree on.  Raise the first number with every change of what nn.h means; the sizes notice most
 * changes of its structures by themselves. */
#define CK_NN_PLUGIN_VERSION (5ul << 32 | sizeof(ck_nn_step) << 16 | sizeof(ck_nn_backend))
#define CK_NN_PLUGIN_ENTRY "ck_nn_plugin"

/* The backend's table, or NULL if it was built for another version than the caller's. */
typedef const ck_nn_backend *ck_nn_plugin_entry(unsigned long version);

/* The backend of libck-NAME.so, opened once.  CK_ERR_UNSUPPORTED, saying what is missing, if it cannot be had. */
ck_status ck_nn_plugin_load(const char *name, const ck_nn_backend **out, ck_error *e);

#endif
