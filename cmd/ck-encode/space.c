#include "ck-encode/space.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/log.h"
#include "ck-encode/siblings.h"

uint64_t ck_space_needed(uint64_t frame_bytes, uint64_t frames, uint64_t existing)
{
    uint64_t all;
    if (__builtin_mul_overflow(frame_bytes, frames, &all))
        all = UINT64_MAX;
    return all > existing ? all - existing : 0;
}

ck_space ck_space_judge(uint64_t needed, uint64_t available)
{
    return available >= needed ? CK_SPACE_ENOUGH : available >= needed / 2 ? CK_SPACE_TIGHT : CK_SPACE_SHORT;
}

/* Size of a file; 0 if it is gone. */
static uint64_t size_at(int folder, const char *name)
{
    struct stat st;
    return !fstatat(folder, name, &st, 0) && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

static bool same_disk(const char *folder, const char *out)
{
    struct stat a, b;
    return !stat(folder, &a) && !stat(out, &b) && a.st_dev == b.st_dev;
}

/* Add the size of the output's file of the first frame, and the sizes of its other files of this job. */
static ck_status measure_stills(const ck_output *o, const ck_space_rest *rest, uint64_t *frame, uint64_t *existing,
                                ck_error *e)
{
    char *path = ck_output_file(o, rest->name);
    if (!path)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
    const char *like = strrchr(path, '/') + 1;
    *frame += size_at(AT_FDCWD, path);
    path[like - 1 - path] = 0;
    DIR *d = opendir(path);
    for (struct dirent *entry; d && (entry = readdir(d));)
        if (strcmp(entry->d_name, like) && ck_sibling(entry->d_name, like, rest->numbers))
            *existing += size_at(dirfd(d), entry->d_name);
    if (d)
        closedir(d);
    free(path);
    return CK_OK;
}

static ck_status measure(const ck_outputs *o, const ck_space_rest *rest, uint64_t *needed, ck_error *e)
{
    uint64_t frame = 0, existing = 0;
    ck_status s = CK_OK;
    for (int i = 0; i < o->n && s == CK_OK; i++) {
        const ck_output *p = &o->items[i];
        if (!p->on || !p->path)
            continue;
        if (p->video)
            frame +=
                (rest->segmented ? 2 : 1) * ck_video_sink_bytes(p->video); /* none yet of an encoder that looks ahead */
        else if (rest->name && same_disk(p->path, rest->out))
            s = measure_stills(p, rest, &frame, &existing, e);
    }
    *needed = ck_space_needed(frame, rest->frames, existing);
    return s;
}

/* "1.5 GiB", "20.0 MiB" */
static const char *in_words(uint64_t bytes, char buf[32])
{
    bool large = bytes >= 1u << 30;
    snprintf(buf, 32, "%.1f %s", (double)bytes / (large ? 1 << 30 : 1 << 20), large ? "GiB" : "MiB");
    return buf;
}

ck_status ck_space_check(const ck_outputs *o, const ck_space_rest *rest, ck_error *e)
{
    struct statvfs disk;
    uint64_t needed;
    char want[32], have[32];
    /* Some network file systems do not tell their size. */
    if (!rest->frames || statvfs(rest->out, &disk) || !disk.f_blocks)
        return CK_OK;
    ck_status s = measure(o, rest, &needed, e);
    if (s != CK_OK)
        return s;
    uint64_t available = (uint64_t)disk.f_bavail * disk.f_frsize;
    ck_space verdict = ck_space_judge(needed, available);
    in_words(needed, want);
    in_words(available, have);
    if (verdict == CK_SPACE_SHORT)
        return ck_fail(e, CK_ERR_FULL,
                       "%s: %llu more frames need about %s, but %s is free: make room, choose another OUT, or write "
                       "fewer outputs (--fg off)",
                       rest->out, (unsigned long long)rest->frames, want, have);
    if (verdict == CK_SPACE_TIGHT)
        ck_log_warning("%s: %llu more frames need about %s, and %s is free: make room, or the disk may become full",
                       rest->out, (unsigned long long)rest->frames, want, have);
    return CK_OK;
}
