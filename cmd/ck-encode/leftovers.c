#include "ck-encode/leftovers.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

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
    DIR *d = opendir(o->path);
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
