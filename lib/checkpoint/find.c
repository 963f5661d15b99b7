#include "checkpoint/find.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool ends_in(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);
    return n > m && !strcmp(name + n - m, suffix);
}

static ck_status too_many(const char *folder, ck_error *e)
{
    return ck_fail(e, CK_ERR_ARGUMENT, "%s: several models in this folder: choose one with --model or $CK_MODEL",
                   folder);
}

/* Set *path to the folder's only checkpoint; NULL if it has none or cannot be read. */
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

void ck_checkpoint_folder(char *folder, size_t n)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    int used = 0;
    if (data && *data == '/')
        used = snprintf(folder, n, "%s/ck", data);
    else if (home && *home)
        used = snprintf(folder, n, "%s/.local/share/ck", home);
    if (used <= 0 || (size_t)used >= n)
        *folder = 0;
}

ck_status ck_checkpoint_find(const char *given, char **path, ck_error *e)
{
    const char *named = given ? given : getenv("CK_MODEL");
    char folder[PATH_MAX];
    *path = NULL;
    if (named && (given || *named)) {
        *path = strdup(named);
        return *path ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a path");
    }
    ck_checkpoint_folder(folder, sizeof folder);
    return *folder ? only_model(folder, path, e) : CK_OK;
}
