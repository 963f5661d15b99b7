#include "checkpoint/find.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool ends_in(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);
    return n > m && !strcmp(name + n - m, suffix);
}

bool ck_checkpoint_is_blue(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strcasestr(slash ? slash + 1 : path, "blue") != NULL;
}

/* The first two names, in alphabetical order, of the checkpoints for one screen; owned. */
typedef struct pair {
    char *first, *second;
} pair;

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for a path");
}

/* Keep the two smallest names. */
static ck_status keep(pair *p, const char *name, ck_error *e)
{
    char *copy = strdup(name);
    if (!copy)
        return no_memory(e);
    if (!p->first || strcmp(copy, p->first) < 0) {
        char *old = p->first;
        p->first = copy;
        copy = old;
    }
    if (copy && (!p->second || strcmp(copy, p->second) < 0)) {
        char *old = p->second;
        p->second = copy;
        copy = old;
    }
    free(copy);
    return CK_OK;
}

/* List a folder's checkpoints: for green screens, for blue ones. */
static ck_status list(DIR *d, pair out[2], ck_error *e)
{
    ck_status s = CK_OK;
    for (struct dirent *f; s == CK_OK && (f = readdir(d));)
        if (*f->d_name != '.' && (ends_in(f->d_name, ".safetensors") || ends_in(f->d_name, ".pth")))
            s = keep(&out[ck_checkpoint_is_blue(f->d_name)], f->d_name, e);
    return s;
}

static ck_status pick(const char *folder, const pair both[2], bool blue, char **path, ck_error *e)
{
    bool which = both[blue].first ? blue : !blue;
    const pair *p = &both[which];
    if (p->second)
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "%s: several models for %s screens, '%s' and '%s': choose one with --model or $CK_MODEL", folder,
                       which ? "blue" : "green", p->first, p->second);
    if (p->first && asprintf(path, "%s/%s", folder, p->first) < 0)
        return no_memory(e);
    return CK_OK;
}

/* Set *path to the folder's checkpoint for that screen; NULL if it has none or cannot be read. */
static ck_status in_folder(const char *folder, bool blue, char **path, ck_error *e)
{
    pair both[2] = {{0}};
    DIR *d = opendir(folder);
    ck_status s = d ? list(d, both, e) : CK_OK;
    if (d)
        closedir(d);
    if (s == CK_OK)
        s = pick(folder, both, blue, path, e);
    for (int k = 0; k < 2; k++) {
        free(both[k].first);
        free(both[k].second);
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

static bool is_folder(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

ck_status ck_checkpoint_find(const char *given, bool blue, char **path, ck_error *e)
{
    const char *named = given ? given : getenv("CK_MODEL");
    char folder[PATH_MAX];
    *path = NULL;
    if (!given && named && !*named)
        named = NULL;
    if (named && !is_folder(named)) {
        *path = strdup(named);
        return *path ? CK_OK : no_memory(e);
    }
    if (!named) {
        ck_checkpoint_folder(folder, sizeof folder);
        return *folder ? in_folder(folder, blue, path, e) : CK_OK;
    }
    ck_status s = in_folder(named, blue, path, e);
    if (s == CK_OK && !*path)
        s = ck_fail(e, CK_ERR_ARGUMENT, "%s: no model (*.safetensors, *.pth) in this folder", named);
    return s;
}
