#include "base/plugin.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/self.h"

#define TEXT (2 * PATH_MAX)

/* Set `path` to the file.  False if it was not found; `where` then lists the folders searched. */
static bool find(const char *name, char path[TEXT], char where[TEXT])
{
    static const char *const beside[] = {"%s/../lib/ck", "%s"};
    char folder[PATH_MAX], place[PATH_MAX + 16];
    const char *told = getenv("CK_LIB");
    int n = 0;
    *where = 0;
    for (int i = 0; i < (told ? 1 : 2); i++) {
        if (!told && !ck_self_folder(folder))
            break;
        snprintf(place, sizeof place, told ? "%s" : beside[i], told ? told : folder);
        snprintf(path, TEXT, "%s/libck-%s.so", place, name);
        if (!access(path, F_OK))
            return true;
        n += snprintf(where + n, (size_t)(TEXT - n), "%s%s", n ? " or " : "", place);
        n = n < TEXT ? n : TEXT - 1;
    }
    return false;
}

bool ck_plugin_exists(const char *name)
{
    char path[TEXT], where[TEXT];
    return find(name, path, where);
}

/* The library is never closed: a driver loaded by a backend cannot be unloaded. */
ck_status ck_plugin_load(const ck_plugin *p, const void **table, ck_error *e)
{
    char path[TEXT], where[TEXT];
    if (!find(p->name, path, where))
        return ck_fail(e, CK_ERR_UNSUPPORTED, "no libck-%s.so in %s: %s, or set CK_LIB to its folder", p->name,
                       *where ? where : "the program's folder", p->remedy);
    void *file = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!file)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "cannot open %s: %s: it needs %s", path, dlerror(), p->needs);
    ck_plugin_entry *entry;
    *(void **)&entry = dlsym(file, p->entry);
    *table = entry ? entry(p->version) : NULL;
    return *table ? CK_OK
                  : ck_fail(e, CK_ERR_UNSUPPORTED, "%s is of another version of ck: install both from the same build",
                            path);
}
