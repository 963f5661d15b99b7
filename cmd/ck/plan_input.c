/* Checks of INPUT and the files of other planes before any stage starts. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ck-decode/options.h"
#include "ck-encode/options.h"
#include "ck/plan_inside.h"
#include "io/sequence.h"
#include "shared/inputs.h"

/* True for a sequence, whose frames are known without a decoder. */
static bool is_sequence(const char *input)
{
    struct stat st;
    return ck_sequence_is_pattern(input) || (!stat(input, &st) && S_ISDIR(st.st_mode));
}

/* True if ck-encode is to write a video file. */
static bool writes_video(const ck_plan *p)
{
    ck_encode_options o;
    bool video = false;
    if (ck_args_parse(&p->stages[p->n - 1], &o, NULL) == CK_OK)
        video = ck_encode_video(&o, false);
    ck_options_free(&ck_encode_program, &o);
    return video;
}

/* Video of a sequence with holes would lose its sync.  ck-encode refuses it too, but only after ck-decode has reported
 * the holes. */
static ck_status check_holes(const ck_plan *p, const ck_sequence *files, const ck_decode_options *o, ck_error *e)
{
    ck_ranges holes;
    if (o->frames || o->missing != CK_MISSING_ERROR || !writes_video(p))
        return CK_OK;
    ck_status s = ck_sequence_holes(files, &holes, e);
    if (s != CK_OK)
        return s;
    if (holes.n) {
        char list[300];
        ck_ranges_format(&holes, list, sizeof list);
        s = ck_fail(e, CK_ERR_FORMAT,
                    "frames are missing (%s), and video would lose its sync: give --missing black, nearest or skip",
                    list);
    }
    ck_ranges_free(&holes);
    return s;
}

static ck_status check_frames(const ck_plan *p, const ck_decode_options *o, const char *input, long *n, ck_error *e)
{
    ck_sequence files;
    ck_ranges keep = {0};
    ck_status s = ck_sequence_open(&input, 1, &files, e);
    if (s != CK_OK)
        return s;
    s = check_holes(p, &files, o, e);
    if (s != CK_OK)
        ck_fail_in(e, s, input);
    else if (o->frames)
        s = ck_ranges_parse(o->frames, &keep, e);
    if (s == CK_OK && (s = ck_sequence_select(&files, &keep, (ck_missing)o->missing, e)) != CK_OK)
        ck_fail_in(e, s, input);
    if (s == CK_OK)
        s = ck_plan_check_output(p, &files, e);
    *n = (long)files.n;
    ck_ranges_free(&keep);
    ck_sequence_free(&files);
    return s;
}

static ck_status check_files(const ck_decode_options *o, ck_error *e)
{
    ck_decode_file files[CK_DECODE_FILES];
    int n;
    ck_status s = ck_decode_files(o, files, &n, e);
    for (int i = 0; i < n && s == CK_OK; i++)
        if (strcmp(files[i].path, "-") != 0)
            s = ck_inputs_refuse_stream(files[i].path, e);
    return s;
}

ck_status ck_plan_check_input(ck_plan *p, ck_error *e)
{
    const char *input = p->args.items[0];
    bool standard = !strcmp(input, "-");
    ck_decode_options o;
    ck_status s = standard ? CK_OK : ck_inputs_refuse_stream(input, e);
    if (s != CK_OK)
        return s;
    s = ck_args_parse(&p->stages[DECODE], &o, e);
    if (s == CK_OK)
        s = check_files(&o, e);
    if (s == CK_OK && !standard && is_sequence(input))
        s = check_frames(p, &o, input, &p->total, e);
    ck_options_free(&ck_decode_program, &o);
    return s;
}
