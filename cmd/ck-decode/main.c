/* ck-decode: files in, frames out.
 *
 *     INPUT   --next--+--> job --> rgb, garbage     (produce, serial) --> (frame, parallel)
 *     --input --pair--+       +--> hint, background, ...
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ck-decode/added.h"
#include "ck-decode/facts.h"
#include "ck-decode/garbage.h"
#include "ck-decode/head.h"
#include "ck-decode/source.h"
#include "image/gamut.h"
#include "io/timecode.h"
#include "shared/inputs.h"
#include "stream/stage.h"

typedef struct decode {
    const ck_decode_options *opts;
    ck_source plate;
    ck_facts facts;
    ck_decode_file files[CK_DECODE_FILES];
    ck_added added[CK_DECODE_FILES];
    int n_files, n_added;               /* n_added: number of `added` that are open */
    ck_frame first;                     /* the first readable file or frame, read early for its size */
    const ck_sequence_file *first_file; /* the file that `first` was read from */
    ck_plane like;                      /* type, channels and encoding of the first picture, for all others */
    int w, h;
    long made;
} decode;

/* Passed from `produce` to `frame`. */
typedef struct job {
    ck_item plate, added[CK_DECODE_FILES];
    char *error; /* message that a file of another plane has no such frame; owned */
} job;

static void job_free(void *p)
{
    job *j = p;
    ck_item_free(&j->plate);
    for (int i = 0; i < CK_DECODE_FILES; i++)
        ck_item_free(&j->added[i]);
    free(j->error);
    free(j);
}

/* Add a black `rgb` for a missing frame. */
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
    ck_plane *rgb = ck_frame_plane(f, "rgb");
    if (d->w && (rgb->w != d->w || rgb->h != d->h)) {
        ck_fail(e, CK_ERR_FORMAT, "frame size changed in mid-stream, from %dx%d to %dx%d: split the input", d->w, d->h,
                rgb->w, rgb->h);
        return ck_fail_in(e, CK_ERR_FORMAT, ck_source_name(&d->plate, item));
    }
    return CK_OK;
}

/* A sequence's size is known only after a file has been read; with --keep-going the first readable one will do. */
static ck_status read_first(decode *d, ck_error *e)
{
    ck_status s = CK_ERR_FORMAT;
    ck_error later;
    for (size_t i = 0; i < d->plate.files.n && s != CK_OK && (i == 0 || d->opts->common.keep_going); i++) {
        ck_item item = {.file = &d->plate.files.files[i]};
        s = read_rgb(d, &item, &d->first, i ? &later : e);
        if (s == CK_OK) /* for a black frame its neighbour was read, which has the same size */
            d->first_file = item.file->black ? NULL : item.file;
        else
            ck_frame_free(&d->first);
    }
    return s;
}

/* Say what was decoded, and what the user may have to add: files seldom name the primaries of a camera. */
static void explain_colour(const decode *d, const ck_meta *head)
{
    const char *curve = ck_meta_get(head, CK_SOURCE_TRANSFER), *primaries = ck_meta_get(head, "primaries");
    if (!curve)
        return;
    const char *usual = primaries ? NULL : ck_light_usual_primaries(curve);
    ck_log_info("%s: %s is decoded to linear light, primaries %s", d->plate.name, curve,
                primaries ? primaries : "not stated");
    if (usual)
        ck_log_notice("%s: the primaries are not stated and taken for Rec. 709: with %s, cameras have %s (--primaries)",
                      d->plate.name, curve, usual);
}

static ck_status open_plate(decode *d, const ck_list *args, ck_meta *head, ck_error *e)
{
    ck_status s = ck_source_open(args->items, args->n, d->opts, "rgb", NULL, NULL, &d->plate, e);
    if (s != CK_OK)
        return s;
    d->plate.alpha = d->opts->plate_alpha;
    if (!d->plate.video) {
        s = read_first(d, e);
    } else {
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
        s = ck_facts_start(&d->facts, &d->first, head, e);
    if (s == CK_OK)
        explain_colour(d, head);
    if (s == CK_OK)
        s = ck_facts_settle(&d->facts, d->plate.light.curved, d->first_file ? d->first_file->path : d->plate.name,
                            &d->first, e);
    if (d->plate.video && d->plate.mode != CK_FIELDS_KEEP)
        ck_frame_free(&d->first); /* frames are made of it */
    return s;
}

static ck_status open_files(decode *d, ck_meta *head, ck_error *e)
{
    ck_ranges pairs = {0};
    ck_status s = d->n_files ? ck_source_indices(&d->plate, &pairs, e) : CK_OK;
    for (int i = 0; i < d->n_files && s == CK_OK; i++)
        s = ck_added_open(&d->added[d->n_added++], &d->files[i], d->opts, &d->like, &pairs, head, e);
    ck_ranges_free(&pairs);
    return s;
}

/* Refuse standard input as INPUT and as a plane's file at once: only one can read it. */
static ck_status check_standard_input(const decode *d, const ck_list *args, ck_error *e)
{
    for (int i = 0; i < d->n_files; i++)
        if (!strcmp(args->items[0], "-") && !strcmp(d->files[i].path, "-"))
            return ck_fail(e, CK_ERR_ARGUMENT, "INPUT and plane '%s' cannot both come from standard input",
                           d->files[i].plane);
    return CK_OK;
}

static ck_status open_decode(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state,
                             ck_error *e)
{
    (void)first;
    const ck_decode_options *o = opts;
    if (args->n == 0)
        return ck_fail(e, CK_ERR_ARGUMENT, "no input: name a video, stills, a folder or a pattern, or - for a pipe");
    decode *d = calloc(1, sizeof *d);
    if (!d)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    *state = d;
    d->opts = o;
    ck_status s = ck_decode_files(o, d->files, &d->n_files, e);
    if (s == CK_OK)
        s = check_standard_input(d, args, e);
    if (s == CK_OK)
        s = open_plate(d, args, head, e);
    return s == CK_OK ? open_files(d, head, e) : s;
}

/* Set `stem`, `number` (the file's own, or the index in a video) and, in a video, `pts`. */
static ck_status name_frame(const ck_item *item, ck_frame *f, ck_error *e)
{
    if (!item->file) {
        ck_status s = ck_meta_setf(&f->meta, e, "pts", "%.6f", item->video.pts);
        if (s == CK_OK)
            s = ck_meta_setf(&f->meta, e, "stem", "%05ld", item->index);
        return s == CK_OK ? ck_meta_setf(&f->meta, e, "number", "%ld", item->index) : s;
    }
    ck_status s = ck_meta_set(&f->meta, "stem", item->file->stem, e);
    return s == CK_OK && item->number != CK_NO_NUMBER ? ck_meta_setf(&f->meta, e, "number", "%ld", item->number) : s;
}

/* Set the timecode of a video's frame, by the timecode of the first one. */
static ck_status add_timecode(const decode *d, const ck_item *item, ck_frame *f, ck_error *e)
{
    const ck_video_info *i = ck_video_info_view(d->plate.video);
    char text[CK_TIMECODE];
    if (!i->timecode || i->rate_num < 1)
        return CK_OK;
    /* By time, since a variable frame rate leaves numbers out.  The fields of a frame share its timecode. */
    int per = ck_fields_per_frame(d->plate.mode);
    long at = isnan(item->video.pts) ? item->index : lround(item->video.pts * per * i->rate_num / i->rate_den);
    if (!ck_timecode_add(i->timecode, i->rate_num, i->rate_den, at / per, text))
        return CK_OK;
    return ck_meta_set(&f->meta, "timecode", text, e);
}

/* Set the frame's `inputs`, so that no output replaces these files, and `input-state`, so that a job can tell whether
 * its file has changed. */
static ck_status name_inputs(const job *j, ck_frame *f, ck_error *e)
{
    char state[64];
    ck_status s = j->plate.file ? ck_inputs_add(&f->meta, j->plate.file->path, e) : CK_OK;
    if (s == CK_OK && j->plate.file && !j->plate.black && ck_inputs_state(j->plate.file->path, state, sizeof state))
        s = ck_meta_set(&f->meta, "input-state", state, e);
    for (int i = 0; i < CK_DECODE_FILES && s == CK_OK; i++)
        if (j->added[i].file)
            s = ck_inputs_add(&f->meta, j->added[i].file->path, e);
    return s;
}

/* An error frame for frames past the end of a video; ck-encode writes no picture for it.  Reported here and not by the
 * last stage, since --frames is an option of this program. */
static ck_status absent(const ck_item *item, ck_frame *f, ck_error *e)
{
    ck_log_error("%s", item->video.error);
    ck_status s = ck_meta_set(&f->meta, "missing", "1", e);
    if (s == CK_OK)
        s = ck_meta_setf(&f->meta, e, "number", "%ld", item->index);
    if (s == CK_OK)
        s = ck_meta_set(&f->meta, "said", "1", e);
    return s == CK_OK ? ck_frame_set_error(f, item->video.error, e) : s;
}

/* Find the frames of other planes.  If a file is too short, this frame fails, unless INPUT itself has failed here. */
static ck_status pair(decode *d, job *j, ck_error *e)
{
    ck_status s = CK_OK;
    for (int i = 0; i < d->n_added && s == CK_OK; i++)
        s = ck_added_pair(&d->added[i], &j->plate, &j->added[i], e);
    if (s != CK_ERR_FORMAT)
        return s;
    j->error = strdup(e->text);
    return j->error ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory");
}

/* True if `first` was made of the item. */
static bool is_first(const decode *d, const ck_item *item)
{
    if (!d->plate.video)
        return d->first_file && item->file == d->first_file;
    const ck_video_info *i = ck_video_info_view(d->plate.video);
    return item->video.av == i->first && item->video.index == i->first_index;
}

/* Pass `first` on, with what it asks of the ring. */
static void take_first(decode *d, ck_frame *f)
{
    f->planes[f->n++] = d->first.planes[0];
    f->asked += d->first.asked;
    f->meta = d->first.meta;
    d->first = (ck_frame){0};
    d->first_file = NULL;
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
    if (d->first.n && is_first(d, &j->plate))
        take_first(d, f);
    if (j->plate.video.av)
        ck_frame_free(&d->first); /* of a frame that is not wanted */
    s = name_frame(&j->plate, f, e);
    if (s == CK_OK && d->plate.video)
        s = add_timecode(d, &j->plate, f, e);
    if (s == CK_OK)
        s = pair(d, j, e);
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
        s = ck_facts_settle(&d->facts, d->plate.light.curved, ck_source_name(&d->plate, &j->plate), f, e);
    if (s == CK_OK && d->opts->plate_alpha)
        s = ck_garbage_add(&d->plate, &j->plate, f, e);
    ck_item_free(&j->plate); /* early, since decoders reuse their frames */
    if (s == CK_OK && j->error)
        s = ck_fail(e, CK_ERR_FORMAT, "%s", j->error);
    for (int i = 0; i < d->n_added; i++) {
        if (s == CK_OK)
            s = ck_added_frame(&d->added[i], &j->added[i], f, e);
        ck_item_free(&j->added[i]);
    }
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
    for (int i = 0; i < d->n_added; i++)
        ck_added_cancel(&d->added[i]);
}

static void close_decode(void *state)
{
    decode *d = state;
    ck_frame_free(&d->first);
    ck_facts_free(&d->facts);
    ck_source_close(&d->plate);
    for (int i = 0; i < d->n_added; i++)
        ck_added_close(&d->added[i]);
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
