#include "ck-decode/options.h"

#include <limits.h>

#include "io/sequence.h"
#include "io/still.h"

#define AT(field) offsetof(ck_decode_options, field)
static const ck_option rows[] = {
    {0, "hint", CK_STRING, AT(hint), "FILE", NULL, 0, 0, NULL, 0,
     "add a hint plane from a still (used for every frame), a sequence or a video"},
    {0, "hint-channel", CK_CHOICE, AT(hint_channel), NULL, "auto", 0, 0, CK_HINT_CHANNELS, 0,
     "channel of the hint's pictures that is the hint; auto: alpha where it varies, else luminance"},
    {0, "frames", CK_STRING, AT(frames), "LIST", NULL, 0, 0, NULL, 0,
     "only these: file numbers of a sequence, indices from 0 of a video, as in 1,5,10-20,50- or 1001-1100x2"},
    {0, "missing", CK_CHOICE, AT(missing), NULL, "error", 0, 0, CK_MISSING_WORDS, 0,
     "frames that do not exist: an error if --frames asks for them, left out, black, or a copy of the nearest"},
    {0, "stream", CK_INT, AT(stream), "N", "auto", 0, INT_MAX, "auto", -1,
     "number of the video stream in its container, as --verbose lists them; auto: the best one"},
    {0, "linear", CK_FLAG, AT(linear), NULL, NULL, 0, 0, NULL, 0,
     "the samples are linear light, whatever the file says"},
    {0, "srgb", CK_FLAG, AT(srgb), NULL, NULL, 0, 0, NULL, 0, "the samples are sRGB-encoded, whatever the file says"},
    {0, "repair", CK_FLAG, AT(repair), NULL, NULL, 0, 0, NULL, 0,
     "fill samples that are NaN or infinite from their neighbours; without it they are an error"},
    {0, "matrix", CK_CHOICE, AT(colour.matrix), NULL, "auto", 0, 0, CK_AV_MATRICES, 0,
     "how YUV was made of RGB; auto: as the file says, else 709 from 720 lines on and 601 below"},
    {0, "range", CK_CHOICE, AT(colour.range), NULL, "auto", 0, 0, CK_AV_RANGES, 0,
     "which codes are black and white; auto: as the file says, else limited for YUV"},
    {0, "chroma-location", CK_CHOICE, AT(colour.chroma), NULL, "auto", 0, 0, CK_AV_CHROMAS, 0,
     "where chroma samples lie; auto: as the file says, else left, and center in JPEG, WebP and AVIF"},
    {0},
};

static ck_status check(const void *opts, ck_error *e)
{
    const ck_decode_options *o = opts;
    ck_ranges frames = {0};
    if (o->linear && o->srgb)
        return ck_fail(e, CK_ERR_ARGUMENT, "--linear and --srgb contradict each other: give one of them");
    ck_status s = o->frames ? ck_ranges_parse(o->frames, &frames, e) : CK_OK;
    ck_ranges_free(&frames);
    return s == CK_OK ? s : ck_fail_in(e, s, "--frames");
}

const ck_program ck_decode_program = {
    .name = "ck-decode",
    .summary = "read video, image sequences and stills as a stream of frames",
    .usage = "INPUT...",
    .options = rows,
    .options_size = sizeof(ck_decode_options),
    .examples = "ck-decode shot.mov | ck-hint --method key | ck-post --classical | ck-encode out/\n"
                "ck-decode --frames 1001-1010 plates/shot.####.exr | ck-info\n"
                "ffmpeg -v error -i shot.mov -f nut -c:v rawvideo - | ck-decode - | ck-info",
    .check = check,
};
