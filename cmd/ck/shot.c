#include "ck/shot.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ck-decode/options.h"
#include "ck/plan_inside.h"
#include "io/av_read.h"
#include "io/av_still.h"
#include "io/still.h"

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for the job's frames");
}

/* Count a video's frames by decoding it. */
static ck_status decode_all(ck_video *v, long *n, ck_error *e)
{
    ck_video_frame f;
    ck_status s;
    for (*n = 0; (s = ck_video_next(v, &f, e)) == CK_OK; ++*n)
        ck_video_frame_free(&f);
    return s == CK_END ? CK_OK : s;
}

static ck_status count_video(const char *path, const ck_decode_options *o, long *n, ck_error *e)
{
    ck_video *v = NULL;
    ck_video_how how = {.threads = 1, .keep_going = o->common.keep_going, .stream = o->stream};
    ck_status s = ck_video_open(path, &how, &v, e);
    if (s == CK_OK) {
        *n = ck_video_info_view(v)->frames;
        if (*n < 0)
            s = decode_all(v, n, e);
        *n *= o->deinterlace_fields ? 2 : 1;
    }
    ck_video_free(v);
    return s == CK_OK ? s : ck_fail_in(e, s, path);
}

/* Treat frames of `keep` past the end of the video as --missing says: fail, add them to the shot, or leave them out. */
static ck_status past_the_end(const ck_decode_options *o, const ck_ranges *keep, ck_shot *shot, long n, ck_error *e)
{
    ck_ranges absent;
    ck_numbers extra = {0};
    ck_status s = keep->n ? ck_ranges_missing(keep, shot->numbers, shot->n, &absent, e) : CK_OK;
    if (s != CK_OK || !keep->n || !absent.n)
        return s;
    char list[300];
    ck_ranges_format(&absent, list, sizeof list);
    if (o->missing == CK_MISSING_ERROR)
        s = ck_fail(e, CK_ERR_ARGUMENT,
                    "frames %s of --frames do not exist: the video has %ld, counted from 0: correct --frames or add "
                    "--missing",
                    list, n);
    else if (o->missing != CK_MISSING_SKIP)
        s = ck_ranges_numbers(&absent, &extra, e);
    long *grown = s == CK_OK ? realloc(shot->numbers, (shot->n + extra.n + 1) * sizeof *grown) : NULL;
    if (s == CK_OK && !grown)
        s = no_memory(e);
    shot->numbers = grown ? grown : shot->numbers;
    for (size_t i = 0; i < extra.n && s == CK_OK; i++)
        shot->numbers[shot->n++] = extra.v[i];
    free(extra.v);
    ck_ranges_free(&absent);
    return s;
}

static ck_status of_video(const char *path, const ck_decode_options *o, const ck_ranges *keep, ck_shot *shot,
                          ck_error *e)
{
    ck_status s = shot->length ? CK_OK : count_video(path, o, &shot->length, e);
    long n = shot->length;
    shot->numbers = s == CK_OK ? malloc(((size_t)n + 1) * sizeof *shot->numbers) : NULL;
    if (s == CK_OK && !shot->numbers)
        return no_memory(e);
    for (long i = 0; i < n && s == CK_OK; i++)
        if (ck_ranges_has(keep, i))
            shot->numbers[shot->n++] = i;
    if (s == CK_OK && (s = past_the_end(o, keep, shot, n, e)) != CK_OK)
        ck_fail_in(e, s, path);
    return s;
}

static ck_status of_sequence(const char *path, const ck_decode_options *o, const ck_ranges *keep, ck_shot *shot,
                             ck_error *e)
{
    ck_sequence *files = &shot->files;
    ck_status s = ck_sequence_open(&path, 1, files, e);
    if (s != CK_OK)
        return s;
    if (!files->numbered)
        s = ck_fail(e, CK_ERR_ARGUMENT, "%s: its files have no numbers, which --resume and --chunk need", path);
    if (s == CK_OK && (s = ck_sequence_select(files, keep, (ck_missing)o->missing, e)) != CK_OK)
        ck_fail_in(e, s, path);
    shot->numbers = s == CK_OK ? malloc((files->n + 1) * sizeof *shot->numbers) : NULL;
    if (s == CK_OK && !shot->numbers)
        s = no_memory(e);
    for (size_t i = 0; i < files->n && s == CK_OK; i++)
        shot->numbers[shot->n++] = files->files[i].number;
    return s;
}

static ck_status of_input(const ck_plan *p, const ck_decode_options *o, ck_shot *shot, ck_error *e)
{
    const char *path = p->args.items[0];
    struct stat st;
    ck_ranges keep = {0};
    bool pattern = ck_sequence_is_pattern(path);
    if (!strcmp(path, "-") || (!pattern && !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
        return ck_fail(e, CK_ERR_ARGUMENT, "%s: --resume and --chunk need INPUT as a file or folder, to read it again",
                       path);
    ck_status s = o->frames ? ck_ranges_parse(o->frames, &keep, e) : CK_OK;
    ck_still_kind kind = CK_STILL_NONE;
    bool files = pattern || (!stat(path, &st) && S_ISDIR(st.st_mode));
    if (s == CK_OK && !files && (s = ck_still_probe(path, &kind, e)) != CK_OK)
        ck_fail_in(e, s, path);
    if (s == CK_OK && (files || (kind != CK_STILL_NONE && kind != CK_STILL_ANIMATED)))
        s = of_sequence(path, o, &keep, shot, e);
    else if (s == CK_OK)
        s = of_video(path, o, &keep, shot, e);
    ck_ranges_free(&keep);
    return s;
}

ck_status ck_shot_open(const ck_plan *p, long length, ck_shot *shot, ck_error *e)
{
    ck_decode_options o;
    *shot = (ck_shot){.length = length};
    ck_status s = ck_args_parse(&p->stages[DECODE], &o, e);
    if (s == CK_OK)
        s = of_input(p, &o, shot, e);
    ck_options_free(&ck_decode_program, &o);
    return s;
}

void ck_shot_free(ck_shot *shot)
{
    free(shot->numbers);
    ck_sequence_free(&shot->files);
    *shot = (ck_shot){0};
}

long ck_shot_position(const ck_shot *shot, long number)
{
    return ck_numbers_find(shot->numbers, shot->n, number);
}
