/* Backends loaded at run time (base/plugin.h).  libck-NAME.so exports one function, ck_nn_plugin. */
#ifndef CK_NN_PLUGIN_H
#define CK_NN_PLUGIN_H

#include "nn/nn.h"

/* Interface version.  Raise the first number with every change of nn.h or frames.h; the sizes catch most forgotten
 * changes of structures. */
#define CK_NN_PLUGIN_VERSION (9ul << 32 | sizeof(ck_nn_step) << 16 | sizeof(ck_nn_backend))
#define CK_NN_PLUGIN_ENTRY "ck_nn_plugin"

/* The backend of libck-NAME.so.  CK_ERR_UNSUPPORTED, with the reason, if it cannot be loaded. */
ck_status ck_nn_plugin_load(const char *name, const ck_nn_backend **out, ck_error *e);

#endif
