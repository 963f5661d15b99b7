/* A file per key, named after its hash: the key, "fit" or "unfit", the kernels to do without, the first failure, each
 * on a line.  A file that cannot be read or written only means that the check is repeated in the next process. */
#include "greenformer/verdict.h"

#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/outfile.h"

#define KEY 1024
#define KEPT 32 /* of this process: devices times precisions */

static struct {
    char key[KEY];
    ck_verdict v;
} kept[KEPT];
static int n_kept;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- the file ---- */

static bool path_of(const char *key, char folder[PATH_MAX], char path[PATH_MAX])
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */
    for (const char *c = key; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
    int n = cache && *cache == '/' ? snprintf(folder, PATH_MAX, "%s/ck", cache)
            : home && *home        ? snprintf(folder, PATH_MAX, "%s/.cache/ck", home)
                                   : 0;
    if (n <= 0 || n > PATH_MAX - 64)
        return false;
    snprintf(path, PATH_MAX, "%.*s/self-check-%016llx", PATH_MAX - 64, folder, (unsigned long long)hash);
    return true;
}

/* A line without its end; false at the end of the file. */
static bool line(FILE *f, char *to, int size)
{
    if (!fgets(to, size, f))
        return false;
    size_t n = strcspn(to, "\n");
    bool whole = to[n] == '\n';
    to[n] = 0;
    return whole;
}

static bool read_file(const char *key, ck_verdict *v)
{
    char folder[PATH_MAX], path[PATH_MAX], is[KEY], fit[16];
    FILE *f = path_of(key, folder, path) ? fopen(path, "r") : NULL;
    bool good = f && line(f, is, sizeof is) && !strcmp(is, key) && line(f, fit, sizeof fit) &&
                line(f, v->without, sizeof v->without) && line(f, v->why, sizeof v->why);
    if (f)
        fclose(f);
    if (!good || (strcmp(fit, "fit") && strcmp(fit, "unfit")))
        return false;
    v->fit = !strcmp(fit, "fit");
    return true;
}

static void write_file(const char *key, const ck_verdict *v)
{
    char folder[PATH_MAX], path[PATH_MAX], text[KEY + sizeof *v + 16];
    ck_outfile o = {.fd = -1};
    if (!path_of(key, folder, path))
        return;
    *strrchr(folder, '/') = 0; /* the cache itself, which may not exist yet */
    mkdir(folder, 0700);
    folder[strlen(folder)] = '/';
    mkdir(folder, 0700);
    int n = snprintf(text, sizeof text, "%s\n%s\n%s\n%s\n", key, v->fit ? "fit" : "unfit", v->without, v->why);
    if (ck_outfile_open(&o, path, NULL) == CK_OK && ck_outfile_write(&o, text, (size_t)n, NULL) == CK_OK)
        ck_outfile_commit(&o, NULL);
    ck_outfile_discard(&o);
}

/* ---- this process ---- */

static int find(const char *key)
{
    int i = 0;
    while (i < n_kept && strcmp(kept[i].key, key))
        i++;
    return i;
}

static void keep(const char *key, const ck_verdict *v)
{
    int i = find(key);
    if (i == KEPT)
        return;
    n_kept = i < n_kept ? n_kept : i + 1;
    snprintf(kept[i].key, sizeof kept[i].key, "%s", key);
    kept[i].v = *v;
}

bool ck_verdict_known(const char *key, ck_verdict *v)
{
    pthread_mutex_lock(&lock);
    int i = find(key);
    bool known = i < n_kept;
    if (known)
        *v = kept[i].v;
    else if ((known = read_file(key, v)))
        keep(key, v);
    pthread_mutex_unlock(&lock);
    return known;
}

void ck_verdict_keep(const char *key, const ck_verdict *v)
{
    pthread_mutex_lock(&lock);
    keep(key, v);
    write_file(key, v);
    pthread_mutex_unlock(&lock);
}
