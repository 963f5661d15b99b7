/* Backends loaded at run time, so that one build of the programs runs with and without their drivers.
 *
 * libck-NAME.so exports one function, ck_nn_plugin.  It is searched for in $CK_LIB or, if that is not set, in ../lib/ck
 * beside the program's folder and then in the program's folder. */
#ifndef CK_NN_PLUGIN_H
#define CK_NN_PLUGIN_H

#include "nn/nn.h"

/* Interface version.  Raise the first number with every change of nn.h or frames.h; the sizes catch most forgotten
 * changes of structures. */
#define CK_NN_PLUGIN_VERSION (6ul << 32 | sizeof(ck_nn_step) << 16 | sizeof(ck_nn_backend))
#define CK_NN_PLUGIN_ENTRY "ck_nn_plugin"

/* The backend's table, or NULL if it was built for another version. */
typedef const ck_nn_backend *ck_nn_plugin_entry(unsigned long version);

/* The backend of libck-NAME.so.  CK_ERR_UNSUPPORTED, with the reason, if it cannot be loaded. */
ck_status ck_nn_plugin_load(const char *name, const ck_nn_backend **out, ck_error *e);

#endif
