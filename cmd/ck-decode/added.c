#include "ck-decode/added.h"

#include <string.h>

#include "base/log.h"
#include "ck-decode/head.h"
#include "shared/inputs.h"

static ck_want want_of(const ck_added *a)
{
    return strcmp(a->name, "hint") ? ck_form_want(a->form) : (ck_want)(CK_WANT_HINT + a->opts->hint_channel);
}

/* Report the file's notes and warnings.  Of its metadata, only the channel of a hint is passed on to `f`. */
static ck_status settle(ck_added *a, const char *file, ck_frame *side, ck_frame *f, ck_error *e)
{
    const char *channel = ck_meta_get(&side->meta, "hint-channel");
    bool overruled = a->source.light.curved;
    if (channel && !atomic_flag_test_and_set(&a->told_channel))
        ck_log_info("%s: %s taken from its %s", file, a->name, channel);
    ck_status s = strcmp(a->name, "hint") ? CK_OK : ck_meta_set(&f->meta, "hint-channel", channel, e);
    return s == CK_OK ? ck_facts_say(&a->facts, overruled, file, side, e) : s;
}

/* Read into a frame of its own, so that the file's metadata do not mix with those of INPUT. */
static ck_status read(ck_added *a, const ck_item *item, ck_frame *f, ck_error *e)
{
    ck_frame side = {0};
    const char *file = ck_source_name(&a->source, item);
    ck_status s = ck_source_read(&a->source, item, want_of(a), a->name, &side, e);
    if (s == CK_OK) {
        s = ck_form_plane(a->form, ck_frame_plane(&side, a->name), &a->plate, f, e);
        if (s != CK_OK)
            ck_fail_in(e, s, file);
    }
    if (s == CK_OK)
        s = settle(a, file, &side, f, e);
    ck_frame_free(&side);
    return s;
}

ck_status ck_added_open(ck_added *a, const ck_decode_file *file, const ck_decode_options *o, const ck_plane *plate,
                        const ck_ranges *pairs, ck_meta *head, ck_error *e)
{
    *a = (ck_added){.opts = o, .name = file->plane, .form = ck_form_of(file->plane), .plate = *plate};
    ck_status s = ck_source_open(&file->path, 1, o, a->name, pairs, ck_meta_get(head, "primaries"), &a->source, e);
    if (s != CK_OK)
        return s;
    a->source.alpha = want_of(a) != CK_WANT_RGB;
    if (a->source.single) {
        ck_item item = {.file = a->source.files.files};
        s = read(a, &item, &a->still, e);
    }
    if (s == CK_OK)
        ck_decode_explain(&a->source, ck_frame_plane(&a->still, a->name));
    if (s == CK_OK && (a->source.video || a->source.single))
        s = ck_inputs_add(head, a->source.video ? a->source.name : a->source.files.files->path, e);
    return s;
}

ck_status ck_added_pair(ck_added *a, const ck_item *plate, ck_item *item, ck_error *e)
{
    *item = (ck_item){0};
    return a->still.n ? CK_OK : ck_source_pair(&a->source, plate->index, plate->number, item, e);
}

/* Copy the still into the frame's shared memory.  A reference to it would be sent inline through the pipe. */
static ck_status copy_still(const ck_added *a, ck_frame *f, ck_error *e)
{
    const ck_plane *from = &a->still.planes[0];
    const char *channel = ck_meta_get(&a->still.meta, "hint-channel");
    ck_plane *to;
    ck_status s = ck_frame_add(f, from->name, from->type, from->c, from->h, from->w, from->encoding, &to, e);
    if (s != CK_OK)
        return s;
    memcpy(ck_plane_data(to), from->data, from->bytes);
    return channel ? ck_meta_set(&f->meta, "hint-channel", channel, e) : CK_OK;
}

ck_status ck_added_frame(ck_added *a, const ck_item *item, ck_frame *f, ck_error *e)
{
    return a->still.n ? copy_still(a, f, e) : read(a, item, f, e);
}

void ck_added_cancel(ck_added *a)
{
    if (a->source.video)
        ck_video_cancel(a->source.video);
}

void ck_added_close(ck_added *a)
{
    ck_frame_free(&a->still);
    ck_facts_free(&a->facts);
    ck_source_close(&a->source);
}
