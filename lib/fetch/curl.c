#include "fetch/curl.h"

#include <dlfcn.h>
#include <string.h>

ck_status ck_curl_load(ck_curl *c, ck_error *e)
{
    /* Debian's two builds differ in the library for TLS; the interface is the same. */
    static const char *const files[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    void *library = NULL;
    for (size_t i = 0; i < sizeof files / sizeof *files && !library; i++)
        library = dlopen(files[i], RTLD_LAZY | RTLD_LOCAL);
    if (!library)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "cannot load libcurl (%s): install it (Debian: apt-get install libcurl4)",
                       dlerror());
    const struct {
        const char *name;
        void *to;
    } rows[] = {{"curl_global_init", &c->global_init},   {"curl_easy_init", &c->easy_init},
                {"curl_easy_setopt", &c->easy_setopt},   {"curl_easy_perform", &c->easy_perform},
                {"curl_easy_getinfo", &c->easy_getinfo}, {"curl_easy_strerror", &c->easy_strerror},
                {"curl_easy_cleanup", &c->easy_cleanup}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        void *function = dlsym(library, rows[i].name);
        if (!function)
            return ck_fail(e, CK_ERR_UNSUPPORTED, "libcurl has no function %s: install a later one", rows[i].name);
        memcpy(rows[i].to, &function, sizeof function);
    }
    return c->global_init(CURL_GLOBAL_DEFAULT) ? ck_fail(e, CK_ERR_UNSUPPORTED, "libcurl cannot be initialised")
                                               : CK_OK;
}
