#include "ck-encode/leftovers.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static bool ours(const ck_output *o, const ck_stems *written, const char *name)
{
    const char *suffix = ck_format_suffix(o->format);
    size_t n = strlen(name), k = strlen(suffix);
    return n > k && !strcmp(name + n - k, suffix) && ck_stems_find(written, name, n - k);
}

void ck_leftovers_log(const ck_output *o, const ck_stems *written)
{
    long others = 0;
    char example[256] = "";
    DIR *d = ck_naming_is_default(o->naming) ? opendir(o->path) : NULL;
    for (struct dirent *entry; d && (entry = readdir(d));) {
        if (entry->d_name[0] == '.' || ours(o, written, entry->d_name))
            continue;
        if (!others++)
            snprintf(example, sizeof example, "%s", entry->d_name);
    }
    if (d)
        closedir(d);
    if (others)
        ck_log_info("%s: %ld files written, %ld of them replaced; %ld others were there already, such as %s", o->path,
                    o->written, o->replaced, others, example);
    else
        ck_log_info("%s: %ld files written, %ld of them replaced", o->path, o->written, o->replaced);
}

static bool is_output(const ck_outputs *o, const char *path)
{
    for (int i = 0; i < o->n; i++)
        if (o->items[i].on && o->items[i].path && !strcmp(o->items[i].path, path))
            return true;
    return false;
}

/* True if another output of this run writes files of that suffix into the folder. */
static bool writes(const ck_outputs *o, const char *folder, const char *suffix)
{
    for (int i = 0; i < o->n; i++) {
        const ck_output *p = &o->items[i];
        if (p->on && ck_format_is_still(p->format) && !strcmp(p->place, folder) &&
            !strcmp(ck_format_suffix(p->format), suffix))
            return true;
    }
    return false;
}

static bool folder_has(const char *path, const char *suffix)
{
    size_t k = strlen(suffix);
    bool has = false;
    DIR *d = opendir(path);
    for (struct dirent *entry; d && !has && (entry = readdir(d));) {
        size_t n = strlen(entry->d_name);
        has = n > k && entry->d_name[0] != '.' && !strcmp(entry->d_name + n - k, suffix);
    }
    if (d)
        closedir(d);
    return has;
}

/* Files left by output p: all stills of a suffix in its folder, or a video. */
static void list_of(const ck_outputs *o, const ck_output *p, const char *out, FILE *f)
{
    static const char *const stills[] = {".exr", ".png", ".tif", ".dpx"};
    static const char *const videos[] = {".mp4", ".mov", ".webm", ".mkv"};
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", out, p->layer);
    for (size_t i = 0; i < sizeof stills / sizeof *stills && ck_naming_is_default(p->naming); i++)
        if (!writes(o, p->layer, stills[i]) && folder_has(path, stills[i]))
            fprintf(f, ", %s/*%s", p->layer, stills[i]);
    for (size_t i = 0; i < sizeof videos / sizeof *videos; i++) {
        snprintf(path, sizeof path, "%s/%s%s", out, p->name, videos[i]);
        if (!is_output(o, path) && access(path, F_OK) == 0)
            fprintf(f, ", %s%s", p->name, videos[i]);
    }
}

void ck_leftovers_other_formats(const ck_outputs *o, const char *out)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    for (int i = 0; f && i < o->n; i++)
        if (o->items[i].on && o->items[i].path)
            for (const ck_output *p = &o->items[i]; p; p = p->next)
                list_of(o, p, out, f);
    if (f && !fclose(f) && n > 2)
        ck_log_notice("%s: files of an earlier run in another format are kept: %s", out, text + 2);
    free(text);
}
