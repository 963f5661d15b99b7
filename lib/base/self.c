#include "base/self.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool ck_self_folder(char folder[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (n <= 0)
        return false;
    folder[n] = 0;
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = 0;
    return slash != NULL;
}

char *ck_self_program(const char *name)
{
    char folder[PATH_MAX], *path;
    if (ck_self_folder(folder) && asprintf(&path, "%s/%s", folder, name) >= 0) {
        if (!access(path, X_OK))
            return path;
        free(path);
    }
    return strdup(name);
}

bool ck_self_on_path(const char *name)
{
    char file[PATH_MAX];
    for (const char *p = getenv("PATH"); p && *p;) {
        size_t n = strcspn(p, ":");
        snprintf(file, sizeof file, "%.*s/%s", (int)n, p, name);
        if (!access(file, X_OK))
            return true;
        p += n + (p[n] == ':');
    }
    return false;
}
