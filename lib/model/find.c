#include "model/find.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/self.h"

static bool ends_in(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);
    return n > m && !strcmp(name + n - m, suffix);
}

static ck_status too_many(const char *folder, ck_error *e)
{
    return ck_fail(e, CK_ERR_ARGUMENT, "%s: several models are here: name one with --model or in $CK_MODEL", folder);
}

/* The folder's only checkpoint; NULL if it has none, or cannot be read: the next one is looked at then. */
static ck_status only_model(const char *folder, char **path, ck_error *e)
{
    DIR *d = opendir(folder);
    ck_status s = CK_OK;
    for (struct dirent *f; d && s == CK_OK && (f = readdir(d));) {
        if (*f->d_name == '.' || !(ends_in(f->d_name, ".safetensors") || ends_in(f->d_name, ".pth")))
            continue;
        if (*path)
            s = too_many(folder, e);
        else if (asprintf(path, "%s/%s", folder, f->d_name) < 0)
            s = ck_fail(e, CK_ERR_MEMORY, "out of memory for a path");
    }
    if (d)
        closedir(d);
    if (s != CK_OK) {
        free(*path);
        *path = NULL;
    }
    return s;
}

static ck_status search(char **path, ck_error *e)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    char bin[PATH_MAX], folders[3][PATH_MAX + 32] = {{0}};
    if (data && *data == '/')
        snprintf(folders[0], sizeof folders[0], "%s/ck", data);
    else if (home && *home)
        snprintf(folders[0], sizeof folders[0], "%s/.local/share/ck", home);
    if (ck_self_folder(bin)) {
        snprintf(folders[1], sizeof folders[1], "%s/../share/ck", bin);
        snprintf(folders[2], sizeof folders[2], "%s/../models", bin);
    }
    ck_status s = CK_OK;
    for (int i = 0; i < 3 && s == CK_OK && !*path; i++)
        if (*folders[i])
            s = only_model(folders[i], path, e);
    return s;
}

ck_status ck_model_find(const char *given, char **path, ck_error *e)
{
    const char *named = getenv("CK_MODEL");
    *path = NULL;
    if (!given && named && !strcmp(named, "none"))
        return CK_OK;
    if (!given && !(named && *named))
        return search(path, e);
    *path = strdup(given ? given : named);
    return *path ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a path");
}
