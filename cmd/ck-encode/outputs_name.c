#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ck-encode/outputs_inside.h"

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
}

static ck_status find_path(ck_output *o, ck_error *e)
{
    if (o->format == CK_OUT_STREAM)
        return CK_OK;
    bool still = ck_format_is_still(o->format);
    char *folder = still ? ck_naming_folder(o->naming, o->place) : NULL;
    if (still && !folder)
        return no_memory(e);
    int n = still ? asprintf(&o->path, *folder ? "%s/%s" : "%s", o->out, folder)
                  : asprintf(&o->path, "%s/%s%s", o->out, o->name, ck_format_suffix(o->format));
    free(folder);
    if (n < 0)
        o->path = NULL;
    return n < 0 ? no_memory(e) : CK_OK;
}

/* Refuse names that two outputs, or all frames, would share. */
static ck_status check_names(ck_outputs *o, const ck_outputs_run *run, ck_error *e)
{
    static const ck_still_name any = {"", 0};
    bool each = ck_naming_has(&o->naming, "frame") || ck_naming_has(&o->naming, "stem");
    for (int i = 0; i < o->n; i++) {
        const ck_output *p = &o->items[i];
        if (!p->on || !ck_format_is_still(p->format))
            continue;
        if (!each && run->frames > 1)
            return ck_fail(e, CK_ERR_ARGUMENT, "--name '%s': %ld frames would have one name: add {frame} or {stem}",
                           run->opts->name, run->frames);
        for (int k = 0; k < i; k++) {
            const ck_output *q = &o->items[k];
            bool still = q->on && ck_format_is_still(q->format);
            char *a = ck_output_name(p, &any), *b = still ? ck_output_name(q, &any) : NULL;
            bool same = a && b && !strcmp(a, b);
            free(a);
            free(b);
            if (same)
                return ck_fail(e, CK_ERR_ARGUMENT, "--name '%s': planes '%s' and '%s' would have one name: add {plane}",
                               run->opts->name, q->plane, p->plane);
        }
    }
    return CK_OK;
}

ck_status ck_outputs_name(ck_outputs *o, const ck_outputs_run *run, const ck_frame *f, ck_error *e)
{
    ck_status s = ck_naming_set_shot(&o->naming, run->source, ck_meta_get(&f->meta, "stem"), e);
    if (s == CK_OK && run->opts->exr_layout != CK_EXR_FILES)
        s = ck_outputs_share(o, e);
    if (s == CK_OK)
        s = check_names(o, run, e);
    for (int i = 0; i < o->n && s == CK_OK; i++)
        if (o->items[i].on)
            s = find_path(&o->items[i], e);
    return s;
}

char *ck_output_name(const ck_output *o, const ck_still_name *of)
{
    char *name = NULL, *still = ck_format_is_still(o->format) ? ck_naming_name(o->naming, o->place, of) : NULL;
    if (ck_format_is_still(o->format) && !still)
        return NULL;
    int n = asprintf(&name, "%s%s", still ? still : o->name, ck_format_suffix(o->format));
    free(still);
    return n < 0 ? NULL : name;
}

char *ck_output_file(const ck_output *o, const ck_still_name *of)
{
    char *path = NULL, *name = ck_output_name(o, of);
    int n = name ? asprintf(&path, "%s/%s", o->out, name) : -1;
    free(name);
    return n < 0 ? NULL : path;
}
