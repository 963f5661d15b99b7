#include "ck-encode/guard.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ck-encode/leftovers.h"
#include "ck-encode/siblings.h"
#include "ck-encode/stems.h"
#include "shared/inputs.h"

ck_status ck_guard_init(ck_guard *g, const ck_meta *head, const char *out, ck_existing existing, bool segmented,
                        ck_error *e)
{
    *g = (ck_guard){.lock = {.fd = -1}, .out = out, .existing = existing, .segmented = segmented};
    const char *numbers = ck_meta_get(head, "numbers");
    /* A foreign program may write an invalid list; frames are then locked when they arrive. */
    if (numbers && ck_ranges_parse(numbers, &g->numbers, NULL) == CK_ERR_MEMORY)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a list of frames");
    g->local = ck_inputs_local(head);
    return ck_meta_copy(&g->head, head, e);
}

static ck_status refuse_input(const ck_guard *g, const ck_frame *f, const char *path, ck_error *e)
{
    const char *source = ck_meta_get(&g->head, "source"), *stem = ck_meta_get(&f->meta, "stem");
    if (!g->local || !(ck_inputs_have(&g->head, path) || ck_inputs_have(&f->meta, path)))
        return CK_OK;
    return ck_fail(e, CK_ERR_ARGUMENT, "%s: this output is the input itself (%s, frame %s): choose another OUT", path,
                   source ? source : "its plate", stem ? stem : "0");
}

/* Check that no file of the frame is an input.  An invalid stem is reported later, when the frame is admitted. */
static ck_status check_inputs(const ck_guard *g, const ck_outputs *o, const ck_frame *f, bool videos, ck_error *e)
{
    char *stem;
    ck_status s = CK_OK;
    if (ck_stem_make(f, &stem, NULL) != CK_OK)
        return CK_OK;
    ck_still_name name = {stem, ck_frame_number(f)};
    for (int i = 0; i < o->n && s == CK_OK; i++) {
        const ck_output *p = &o->items[i];
        bool still = ck_format_is_still(p->format);
        if (!p->on || !p->path || (!still && !videos))
            continue;
        char *path = still ? ck_output_file(p, &name) : strdup(p->path);
        s = path ? refuse_input(g, f, path, e) : ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
        free(path);
    }
    free(stem);
    return s;
}

static ck_status check_holes(const ck_guard *g, const ck_outputs *o, ck_error *e)
{
    const char *missing = ck_meta_get(&g->head, "missing"), *source = ck_meta_get(&g->head, "source");
    if (!missing || !ck_outputs_video(o))
        return CK_OK;
    return ck_fail(
        e, CK_ERR_FORMAT,
        "%s: frames are missing (%s), and video would lose its sync: give ck-decode --missing black, nearest "
        "or skip",
        source ? source : "the source", missing);
}

static bool has_file(const ck_outputs *o, bool video)
{
    for (int i = 0; i < o->n; i++)
        if (o->items[i].on && o->items[i].path && ck_format_is_still(o->items[i].format) != video)
            return true;
    return false;
}

static ck_status lock(ck_guard *g, const ck_outputs *o, ck_error *e)
{
    static const ck_ranges every = {0};
    bool video = has_file(o, true);
    g->all = video && !g->segmented;
    if (!video && !has_file(o, false))
        return CK_OK;
    ck_status s = ck_lock_open(&g->lock, g->out, e);
    if (s != CK_OK || (!g->all && !g->numbers.n))
        return s;
    return ck_lock_frames(&g->lock, g->all ? &every : &g->numbers, e);
}

/* An existing video: an error with --existing refuse, turned off with skip. */
static ck_status check_video(const ck_guard *g, ck_output *o, ck_error *e)
{
    if (access(o->path, F_OK))
        return CK_OK;
    if (g->existing == CK_EXISTING_REFUSE)
        return ck_fail(e, CK_ERR_IO, "%s: exists: give --existing replace to overwrite it", o->path);
    if (g->existing == CK_EXISTING_SKIP) {
        o->skipped = 1;
        o->on = false;
    } else {
        o->replaced = 1;
    }
    return CK_OK;
}

/* Search the folder of the file `like` for files of the frames to come.  Their names are derived from it, the first
 * one. */
static ck_status check_folder(const ck_guard *g, const char *like, ck_error *e)
{
    const char *base = strrchr(like, '/') + 1;
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", (int)(base - 1 - like), like);
    long found = 0;
    char example[NAME_MAX + 1];
    DIR *d = opendir(folder);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        if (!ck_sibling(entry->d_name, base, &g->numbers))
            continue;
        if (!found++)
            snprintf(example, sizeof example, "%s", entry->d_name);
    }
    if (d)
        closedir(d);
    return found ? ck_fail(e, CK_ERR_IO, "%s: %ld of its files exist, such as %s: give --existing replace or skip",
                           folder, found, example)
                 : CK_OK;
}

/* The same if every frame may have a folder of its own, and its name is known from its number. */
static ck_status check_numbers(const ck_guard *g, const ck_output *o, ck_error *e)
{
    ck_numbers list = {0};
    long found = 0;
    char *example = NULL;
    ck_status s = ck_ranges_numbers(&g->numbers, &list, e);
    for (size_t i = 0; i < list.n && s == CK_OK; i++) {
        char *path = ck_output_file(o, &(ck_still_name){"", list.v[i]});
        if (!path)
            s = ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
        else if (access(path, F_OK) == 0 && !found++)
            example = path, path = NULL;
        free(path);
    }
    if (s == CK_OK && found)
        s = ck_fail(e, CK_ERR_IO, "%s: %ld of its files exist, such as %s: give --existing replace or skip", g->out,
                    found, example);
    free(example);
    free(list.v);
    return s;
}

static ck_status check_existing(ck_guard *g, ck_outputs *o, const ck_frame *f, ck_error *e)
{
    char *stem = NULL;
    ck_status s = CK_OK;
    bool numbered = g->existing == CK_EXISTING_REFUSE && g->numbers.n && ck_stem_make(f, &stem, NULL) == CK_OK;
    for (int i = 0; i < o->n && s == CK_OK; i++) {
        ck_output *p = &o->items[i];
        if (!p->on || !p->path)
            continue;
        char *like = numbered && ck_format_is_still(p->format)
                         ? ck_output_file(p, &(ck_still_name){stem, ck_frame_number(f)})
                         : NULL;
        if (!ck_format_is_still(p->format))
            s = g->segmented ? CK_OK : check_video(g, p, e);
        else if (like && ck_naming_has(p->naming, "frame") && !ck_naming_has(p->naming, "stem") &&
                 ck_ranges_last(&g->numbers) != CK_RANGE_OPEN)
            s = check_numbers(g, p, e);
        else if (like)
            s = check_folder(g, like, e);
        free(like);
    }
    free(stem);
    return s;
}

ck_status ck_guard_start(ck_guard *g, ck_outputs *o, const ck_frame *f, ck_error *e)
{
    ck_status s = check_holes(g, o, e);
    if (s == CK_OK)
        s = check_inputs(g, o, f, true, e);
    if (s == CK_OK)
        s = lock(g, o, e);
    if (s == CK_OK)
        s = check_existing(g, o, f, e);
    if (s == CK_OK && g->out)
        ck_leftovers_other_formats(o, g->out);
    return s;
}

static ck_status lock_frame(ck_guard *g, const ck_frame *f, ck_error *e)
{
    const char *own = ck_meta_get(&f->meta, "number");
    long v = ck_meta_int(&f->meta, "number", LONG_MIN / 4, LONG_MAX / 4, (long)f->seq);
    if (g->lock.fd < 0 || g->all || (g->numbers.n && (!own || ck_ranges_has(&g->numbers, v))))
        return CK_OK;
    ck_range one = {v, v, 1};
    return ck_lock_frames(&g->lock, &(ck_ranges){&one, 1}, e);
}

/* With --existing refuse, none of the frame's files may exist. */
static ck_status refuse_existing(const ck_outputs *o, const ck_still_name *name, ck_error *e)
{
    ck_status s = CK_OK;
    for (int i = 0; i < o->n && s == CK_OK; i++) {
        if (!o->items[i].on || !ck_format_is_still(o->items[i].format))
            continue;
        char *path = ck_output_file(&o->items[i], name);
        if (!path)
            s = ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
        else if (access(path, F_OK) == 0)
            s = ck_fail(e, CK_ERR_IO, "%s: exists: give --existing replace or skip", path);
        free(path);
    }
    return s;
}

ck_status ck_guard_frame(ck_guard *g, const ck_outputs *o, const ck_frame *f, const ck_still_name *name, ck_error *e)
{
    ck_status s = check_inputs(g, o, f, false, e);
    if (s == CK_OK)
        s = lock_frame(g, f, e);
    return s == CK_OK && name && g->existing == CK_EXISTING_REFUSE ? refuse_existing(o, name, e) : s;
}

void ck_guard_log(const ck_guard *g, const ck_outputs *o)
{
    long replaced = 0, skipped = 0;
    for (int i = 0; i < o->n; i++) {
        replaced += o->items[i].written ? o->items[i].replaced : 0;
        skipped += o->items[i].skipped;
    }
    if (replaced)
        ck_log_notice("%s: %ld file%s of an earlier run %s replaced", g->out, replaced, replaced == 1 ? "" : "s",
                      replaced == 1 ? "was" : "were");
    if (skipped)
        ck_log_notice("%s: skipped %ld file%s that exist%s", g->out, skipped, skipped == 1 ? "" : "s",
                      skipped == 1 ? "s" : "");
}

void ck_guard_free(ck_guard *g)
{
    ck_lock_close(&g->lock);
    ck_ranges_free(&g->numbers);
    ck_meta_free(&g->head);
}
