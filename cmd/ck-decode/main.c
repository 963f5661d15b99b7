/* ck-decode: files in, frames out.
 *
 *     plate --next--+--> job --> rgb          (produce, serial) --> (frame, parallel)
 *     hint  --pair--+       +--> hint
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ck-decode/facts.h"
#include "ck-decode/head.h"
#include "ck-decode/source.h"
#include "image/convert.h"
#include "image/finite.h"
#include "shared/inputs.h"
#include "stream/stage.h"

typedef struct decode {
    const ck_decode_options *opts;
    ck_source plate, hint;
    ck_facts plate_facts, hint_facts;
    bool hinted;
    ck_frame still_hint;                /* its plane is shared by all frames; empty when the hint is no still */
    ck_frame first;                     /* the first file, read to know its size; empty for video */
    const ck_sequence_file *first_file; /* which one that is */
    ck_plane like;                      /* a plane of the first picture: type, channels and encoding of all */
    int w, h;
    long made;
} decode;

/* Handed from produce to frame. */
typedef struct job {
    ck_item plate, hint;
    char *error; /* owned; why there is no hint for it */
} job;

static void job_free(void *p)
{
    job *j = p;
    ck_item_free(&j->plate);
    ck_item_free(&j->hint);
    free(j->error);
    free(j);
}

static void tag(const decode *d, ck_plane *rgb)
{
    if (d->opts->linear || d->opts->srgb)
        snprintf(rgb->encoding, sizeof rgb->encoding, "%s", d->opts->linear ? "linear" : "srgb");
}

static const char *name_of(const ck_source *s, const ck_item *item)
{
    return item->file ? item->file->path : s->name;
}

/* A plane without NaN and infinity, which would spread to whole frames in the network and to dots in the classical
 * key. */
static ck_status make_finite(const decode *d, const ck_source *source, const ck_item *item, const char *plane,
                             ck_frame *f, ck_error *e)
{
    ck_plane *p;
    size_t filled = 0;
    char where[40];
    ck_status s = d->opts->repair ? ck_frame_edit(f, plane, &p, e) : ck_finite_check(ck_frame_plane(f, plane), e);
    if (s == CK_OK && d->opts->repair)
        s = ck_finite_repair(p, &filled, e);
    if (filled)
        ck_log_info("%s: %zu samples that were NaN or infinite are filled", name_of(source, item), filled);
    if (s == CK_OK)
        return s;
    snprintf(where, sizeof where, "frame %ld", item->index);
    if (!item->file)
        ck_fail_in(e, s, where);
    return ck_fail_in(e, s, name_of(source, item));
}

/* A frame that stands in for one that does not exist. */
static ck_status black_rgb(const decode *d, ck_frame *f, ck_error *e)
{
    ck_plane *p;
    ck_status s = ck_frame_add(f, "rgb", d->like.type, d->like.c, d->h, d->w, d->like.encoding, &p, e);
    if (s == CK_OK)
        memset(ck_plane_data(p), 0, p->bytes); /* 0 is black in every type */
    return s;
}

static ck_status read_rgb(const decode *d, const ck_item *item, ck_frame *f, ck_error *e)
{
    if (item->black)
        return black_rgb(d, f, e);
    ck_status s = ck_source_read(&d->plate, item, CK_WANT_RGB, "rgb", f, e);
    if (s != CK_OK)
        return s;
    s = make_finite(d, &d->plate, item, "rgb", f, e);
    if (s != CK_OK)
        return s;
    ck_plane *rgb = ck_frame_plane(f, "rgb");
    tag(d, rgb);
    if (d->w && (rgb->w != d->w || rgb->h != d->h)) {
        ck_fail(e, CK_ERR_FORMAT,
                "the frame changes size from %dx%d to %dx%d: stills of different sizes are a job each", d->w, d->h,
                rgb->w, rgb->h);
        return ck_fail_in(e, CK_ERR_FORMAT, item->file ? item->file->path : d->plate.name);
    }
    return CK_OK;
}

static ck_status read_hint(decode *d, const ck_item *item, ck_frame *f, ck_error *e)
{
    ck_want want = (ck_want)(CK_WANT_HINT + d->opts->hint_channel);
    ck_status s = ck_source_read(&d->hint, item, want, "hint", f, e);
    ck_plane *p = NULL;
    if (s == CK_OK)
        s = make_finite(d, &d->hint, item, "hint", f, e);
    if (s == CK_OK)
        s = ck_facts_settle(&d->hint_facts, d->opts, name_of(&d->hint, item), f, e);
    if (s == CK_OK)
        s = ck_frame_edit(f, "hint", &p, e);
    /* Codes above white and below black occur in YUV and EXR. */
    if (s == CK_OK && p->type == CK_F32)
        ck_clamp01_all(ck_plane_data(p), p->bytes / sizeof(float));
    return s;
}

/* The hint's only picture, by reference. */
static ck_status share_hint(const decode *d, ck_frame *f, ck_error *e)
{
    ck_plane *p = &f->planes[f->n++];
    *p = d->still_hint.planes[0];
    ck_buffer_ref(p->buf);
    return ck_meta_set(&f->meta, "hint-channel", ck_meta_get(&d->still_hint.meta, "hint-channel"), e);
}

/* A sequence's size is known only after a file has been read; with --keep-going the first readable one will do. */
static ck_status read_first(decode *d, ck_error *e)
{
    ck_status s = CK_ERR_FORMAT;
    ck_error later;
    for (size_t i = 0; i < d->plate.files.n && s != CK_OK && (i == 0 || d->opts->common.keep_going); i++) {
        ck_item item = {.file = &d->plate.files.files[i]};
        s = read_rgb(d, &item, &d->first, i ? &later : e);
        if (s == CK_OK) /* of a black one this is its neighbour, which is as large */
            d->first_file = item.file->black ? NULL : item.file;
        else
            ck_frame_free(&d->first);
    }
    return s;
}

static ck_status open_plate(decode *d, const ck_list *args, ck_meta *head, ck_error *e)
{
    ck_status s = ck_source_open(args->items, args->n, d->opts, true, &d->plate, e);
    if (s != CK_OK)
        return s;
    if (!d->plate.video) {
        s = read_first(d, e);
    } else {
        /* One frame is converted for its size and type alone; the first item converts it again. */
        const ck_video_info *i = ck_video_info_view(d->plate.video);
        ck_item item = {.video = {.av = (struct AVFrame *)(uintptr_t)i->first}};
        s = read_rgb(d, &item, &d->first, e);
    }
    if (s != CK_OK)
        return s;
    ck_plane *rgb = ck_frame_plane(&d->first, "rgb");
    d->w = rgb->w;
    d->h = rgb->h;
    d->like = *rgb;
    s = ck_decode_fill_head(&d->plate, rgb, head, e);
    ck_decode_explain(&d->plate, rgb);
    if (s == CK_OK)
        s = ck_facts_start(&d->plate_facts, d->opts, &d->first, head, e);
    if (s == CK_OK)
        s = ck_facts_settle(&d->plate_facts, d->opts, d->first_file ? d->first_file->path : d->plate.name, &d->first,
                            e);
    if (d->plate.video)
        ck_frame_free(&d->first);
    return s;
}

static ck_status open_hint(decode *d, ck_meta *head, ck_error *e)
{
    ck_status s = ck_source_open(&d->opts->hint, 1, d->opts, false, &d->hint, e);
    if (s != CK_OK)
        return s;
    d->hinted = d->hint.hint = true;
    if (d->hint.single) {
        ck_item item = {.file = d->hint.files.files};
        s = read_hint(d, &item, &d->still_hint, e);
    }
    if (s == CK_OK)
        ck_decode_explain(&d->hint, ck_frame_plane(&d->still_hint, "hint"));
    if (s == CK_OK && (d->hint.video || d->hint.single))
        s = ck_inputs_add(head, d->hint.video ? d->hint.name : d->hint.files.files->path, e);
    return s;
}

static ck_status open_decode(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                             ck_error *e)
{
    (void)first;
    const ck_decode_options *o = opts;
    if (args->n == 0)
        return ck_fail(e, CK_ERR_ARGUMENT, "no input: name a video, stills, a folder or a pattern, or - for a pipe");
    if (o->hint && !strcmp(o->hint, "-") && !strcmp(args->items[0], "-"))
        return ck_fail(e, CK_ERR_ARGUMENT, "plate and hint cannot both come from standard input");
    decode *d = calloc(1, sizeof *d);
    if (!d)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *state = d;
    d->opts = o;
    ck_status s = open_plate(d, args, head, e);
    return s == CK_OK && o->hint ? open_hint(d, head, e) : s;
}

/* The names of a frame: a file's own, or its index in a video. */
static ck_status name_frame(const ck_item *item, ck_frame *f, ck_error *e)
{
    if (!item->file) {
        ck_status s = ck_meta_setf(&f->meta, e, "pts", "%.6f", item->video.pts);
        return s == CK_OK ? ck_meta_setf(&f->meta, e, "stem", "%05ld", item->index) : s;
    }
    ck_status s = ck_meta_set(&f->meta, "stem", item->file->stem, e);
    return s == CK_OK && item->number != CK_NO_NUMBER ? ck_meta_setf(&f->meta, e, "number", "%ld", item->number) : s;
}

/* The frame's own files: an output must not replace them. */
static ck_status name_inputs(const job *j, ck_frame *f, ck_error *e)
{
    ck_status s = j->plate.file ? ck_inputs_add(&f->meta, j->plate.file->path, e) : CK_OK;
    return s == CK_OK && j->hint.file ? ck_inputs_add(&f->meta, j->hint.file->path, e) : s;
}

/* Frames that the video turned out not to have: an error frame that stands for no picture. */
static ck_status absent(const ck_item *item, ck_frame *f, ck_error *e)
{
    ck_status s = ck_meta_set(&f->meta, "missing", "1", e);
    return s == CK_OK ? ck_frame_set_error(f, item->video.error, e) : s;
}

static ck_status pair_hint(decode *d, job *j, ck_error *e)
{
    ck_status s = ck_source_pair(&d->hint, j->plate.index, j->plate.number, &j->hint, e);
    if (s != CK_ERR_FORMAT)
        return s;
    j->error = strdup(e->text);
    return j->error ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory");
}

static ck_status produce(void *state, ck_frame *f, ck_error *e)
{
    decode *d = state;
    job *j = calloc(1, sizeof *j);
    if (!j)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    f->job = j;
    f->job_free = job_free;
    ck_status s = ck_source_next(&d->plate, &j->plate, e);
    if (s != CK_OK)
        return s;
    if (j->plate.absent)
        return absent(&j->plate, f, e);
    d->made++;
    if (d->first_file && j->plate.file == d->first_file) {
        f->planes[f->n++] = d->first.planes[0];
        d->first.n = 0;
        f->meta = d->first.meta;
        d->first.meta = (ck_meta){0};
        d->first_file = NULL;
    }
    s = name_frame(&j->plate, f, e);
    if (s == CK_OK && d->hinted && !d->still_hint.n)
        s = pair_hint(d, j, e);
    return s == CK_OK ? name_inputs(j, f, e) : s;
}

static ck_status make_frame(void *state, ck_frame *f, ck_error *e)
{
    decode *d = state;
    job *j = f->job;
    ck_status s = CK_OK;
    if (!f->n)
        s = read_rgb(d, &j->plate, f, e);
    if (s == CK_OK)
        s = ck_facts_settle(&d->plate_facts, d->opts, name_of(&d->plate, &j->plate), f, e);
    ck_item_free(&j->plate); /* decoders reuse their frames */
    if (s == CK_OK && j->error)
        s = ck_fail(e, CK_ERR_FORMAT, "%s", j->error);
    if (s == CK_OK && d->still_hint.n)
        s = share_hint(d, f, e);
    else if (s == CK_OK && d->hinted)
        s = read_hint(d, &j->hint, f, e);
    ck_item_free(&j->hint);
    return s;
}

static ck_status finish(void *state, ck_error *e)
{
    const decode *d = state;
    (void)e;
    ck_decode_explain_count(&d->plate, d->made);
    return CK_OK;
}

static void cancel(void *state)
{
    decode *d = state;
    if (d->plate.video)
        ck_video_cancel(d->plate.video);
    if (d->hint.video)
        ck_video_cancel(d->hint.video);
}

static void close_decode(void *state)
{
    decode *d = state;
    ck_frame_free(&d->first);
    ck_frame_free(&d->still_hint);
    ck_facts_free(&d->plate_facts);
    ck_facts_free(&d->hint_facts);
    ck_source_close(&d->plate);
    ck_source_close(&d->hint);
    free(d);
}

int main(int argc, char **argv)
{
    static const ck_stage stage = {.program = &ck_decode_program,
                                   .open = open_decode,
                                   .produce = produce,
                                   .cancel = cancel,
                                   .frame = make_frame,
                                   .finish = finish,
                                   .close = close_decode};
    return ck_stage_main(&stage, argc, argv);
}
