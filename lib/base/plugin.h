/* Code loaded at run time, so that one build of the programs runs with and without the libraries behind it.
 *
 * libck-NAME.so is searched for in $CK_LIB or, if that is not set, in ../lib/ck beside the program's folder and then in
 * the program's folder.  It exports one function, which returns its table. */
#ifndef CK_BASE_PLUGIN_H
#define CK_BASE_PLUGIN_H

#include <stdbool.h>

#include "base/status.h"

typedef struct ck_plugin {
    const char *name;      /* NAME */
    const char *remedy;    /* how to get it, for the message if no file is found: "build ck where ..." */
    const char *needs;     /* the library that may be missing, for the message if the file cannot be opened */
    const char *entry;     /* the exported function, a ck_plugin_entry */
    unsigned long version; /* of the table */
} ck_plugin;

/* The table, or NULL if it was built for another version. */
typedef const void *ck_plugin_entry(unsigned long version);

/* True if libck-NAME.so is found. */
bool ck_plugin_exists(const char *name);

/* CK_ERR_UNSUPPORTED, with the reason, if the plug-in cannot be loaded.  It is never unloaded. */
ck_status ck_plugin_load(const ck_plugin *p, const void **table, ck_error *e);

#endif
