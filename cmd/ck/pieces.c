#include "ck/pieces.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "shared/job.h"

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for the segments of a video");
}

char *ck_pieces_folder(const char *out, const char *name)
{
    char *path;
    return asprintf(&path, "%s/" CK_SEGMENTS "%s%s", out, *name ? "/" : "", name) < 0 ? NULL : path;
}

/* Add the segment at `path` if it can be read and belongs to the job. */
static ck_status add_segment(ck_pieces *p, const char *path, const char *id, ck_error *e)
{
    ck_segment s;
    ck_status st = ck_segment_read(path, &s, e);
    const char *job = ck_meta_get(&s.about, "job");
    if (st != CK_OK || !job || strcmp(job, id)) {
        ck_segment_free(&s);
        return st == CK_ERR_MEMORY ? st : CK_OK;
    }
    ck_segment *grown = ck_grown(p->segments, p->n, &p->cap, sizeof *grown);
    if (!grown) {
        ck_segment_free(&s);
        return no_memory(e);
    }
    p->segments = grown;
    grown[p->n++] = s;
    return CK_OK;
}

static ck_status read_folder(ck_pieces *p, const char *folder, const char *id, ck_error *e)
{
    ck_status s = CK_OK;
    DIR *d = opendir(folder);
    for (struct dirent *entry; d && s == CK_OK && (entry = readdir(d));) {
        char *path;
        if (entry->d_name[0] == '.')
            continue;
        if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0)
            s = no_memory(e);
        else
            s = add_segment(p, path, id, e);
        if (s == CK_OK)
            free(path);
    }
    if (d)
        closedir(d);
    return s;
}

/* True if another packet of a frame should replace the one chosen, `now`: none is chosen yet, or only `now` failed.
 * there: one is chosen.  failed: the other packet stands for a failed frame. */
static bool better(const ck_pieces *p, const ck_segment_ref *now, bool there, bool failed)
{
    return !there || (p->segments[now->segment].packets[now->packet].flags & CK_SEGMENT_FAILED && !failed);
}

/* For a video whose packets are whole frames: choose a packet for each frame. */
static void match_frames(ck_pieces *p, const ck_shot *shot)
{
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < p->segments[i].n; k++) {
            const ck_segment_packet *packet = &p->segments[i].packets[k];
            long at = ck_shot_position(shot, (long)packet->number);
            bool failed = packet->flags & CK_SEGMENT_FAILED;
            if (at < 0 || !better(p, &p->refs[at], p->there[at], failed))
                continue;
            p->refs[at] = (ck_segment_ref){i, k};
            p->there[at] = true;
            p->failed[at] = failed;
        }
    for (size_t i = 0; i < shot->n; i++)
        if (p->there[i])
            p->refs[p->n_refs++] = p->refs[i];
}

/* Position of the segment's first frame if the segment is finished and holds all frames between two cuts, else -1. */
static long block_of(const ck_segment *s, const ck_shot *shot)
{
    long first = (long)shot->n, last = -1;
    for (size_t k = 0; k < s->n; k++) {
        long at = ck_shot_position(shot, (long)s->packets[k].number);
        if (at < 0)
            return -1;
        first = at < first ? at : first;
        last = at > last ? at : last;
    }
    long end = first + CK_SEGMENT_FRAMES < (long)shot->n ? first + CK_SEGMENT_FRAMES : (long)shot->n;
    return s->ended && s->n && first % CK_SEGMENT_FRAMES == 0 && last == end - 1 && (long)s->n == end - first ? first
                                                                                                              : -1;
}

static size_t failures(const ck_segment *s)
{
    size_t n = 0;
    for (size_t k = 0; k < s->n; k++)
        n += (s->packets[k].flags & CK_SEGMENT_FAILED) != 0;
    return n;
}

/* For a video whose frames refer to each other: choose a whole segment for each block of frames. */
static void match_blocks(ck_pieces *p, const ck_shot *shot)
{
    for (size_t from = 0; from < shot->n; from += CK_SEGMENT_FRAMES) {
        size_t best = p->n;
        for (size_t i = 0; i < p->n; i++)
            if (block_of(&p->segments[i], shot) == (long)from &&
                (best == p->n || failures(&p->segments[i]) < failures(&p->segments[best])))
                best = i;
        for (size_t k = 0; best < p->n && k < p->segments[best].n; k++) {
            const ck_segment_packet *packet = &p->segments[best].packets[k];
            long at = ck_shot_position(shot, (long)packet->number);
            p->refs[p->n_refs++] = (ck_segment_ref){best, k};
            p->there[at] = true;
            p->failed[at] = packet->flags & CK_SEGMENT_FAILED;
        }
    }
}

ck_status ck_pieces_load(const char *out, const char *name, const char *id, const ck_shot *shot, ck_pieces *p,
                         ck_error *e)
{
    char *folder = ck_pieces_folder(out, name);
    *p = (ck_pieces){.refs = calloc(shot->n + 1, sizeof *p->refs),
                     .there = calloc(shot->n + 1, sizeof *p->there),
                     .failed = calloc(shot->n + 1, sizeof *p->failed)};
    ck_status s = folder && p->refs && p->there && p->failed ? read_folder(p, folder, id, e) : no_memory(e);
    if (s == CK_OK && p->n && p->segments[0].intra)
        match_frames(p, shot);
    else if (s == CK_OK)
        match_blocks(p, shot);
    free(folder);
    return s;
}

void ck_pieces_free(ck_pieces *p)
{
    for (size_t i = 0; i < p->n; i++)
        ck_segment_free(&p->segments[i]);
    free(p->segments);
    free(p->refs);
    free(p->there);
    free(p->failed);
    *p = (ck_pieces){0};
}

void ck_pieces_remove(const char *out, const char *name)
{
    char *folder = ck_pieces_folder(out, name), *above = ck_pieces_folder(out, "");
    DIR *d = folder ? opendir(folder) : NULL;
    for (struct dirent *entry; d && (entry = readdir(d));)
        (void)unlinkat(dirfd(d), entry->d_name, 0);
    if (d)
        closedir(d);
    if (folder)
        (void)rmdir(folder);
    if (above)
        (void)rmdir(above);
    free(folder);
    free(above);
}

ck_status ck_pieces_videos(const char *out, ck_status (*each)(const char *name, void *arg, ck_error *e), void *arg,
                           ck_error *e)
{
    char *folder = ck_pieces_folder(out, "");
    struct dirent **entries = NULL;
    int n = folder ? scandir(folder, &entries, NULL, alphasort) : -1;
    ck_status s = folder ? CK_OK : no_memory(e);
    for (int i = 0; i < n; i++) {
        if (s == CK_OK && entries[i]->d_name[0] != '.')
            s = each(entries[i]->d_name, arg, e);
        free(entries[i]);
    }
    free(entries);
    free(folder);
    return s;
}
