#include "ck-encode/options.h"

#include <string.h>

#include "colour/space.h"
#include "io/display.h"
#include "io/exr.h"
#include "shared/naming.h"
#include "shared/scene.h"

#define AT(field) offsetof(ck_encode_options, field)
static const ck_option rows[] = {
    {0, "fg", CK_CHOICE, AT(fg), "FORMAT", "auto", 0, 0, CK_OUT_WORDS, 0, "format of OUT/FG; auto: exr", CK_IN_KEY},
    {0, "matte", CK_CHOICE, AT(matte), "FORMAT", "auto", 0, 0, CK_OUT_WORDS, 0, "format of OUT/Matte; auto: exr",
     CK_IN_KEY},
    {0, "processed", CK_CHOICE, AT(processed), "FORMAT", "auto", 0, 0, CK_OUT_WORDS, 0,
     "format of OUT/Processed; auto: exr", CK_IN_KEY},
    {0, "comp", CK_CHOICE, AT(comp), "FORMAT", "auto", 0, 0, CK_OUT_WORDS, 0, "format of OUT/Comp; auto: png",
     CK_IN_KEY},
    {0, "plane", CK_LIST, AT(planes), "NAME=FORMAT", NULL, 0, 0, NULL, 0,
     "write plane NAME to OUT/NAME too; repeatable; FORMAT: exr, exr32, png, png8, png16, tiff, tiff8, tiff16, "
     "tiff32f, "
     "dpx10, dpx16, mp4, mov, webm, mkv, - or off",
     CK_IN_HELP},
    {0, "fg-encoding", CK_CHOICE, AT(fg_encoding), NULL, "auto", 0, 0, "auto|srgb|linear|source", 0,
     "curve of fg's files; source: that of INPUT; auto: that of --output-space, else sRGB", CK_IN_ALL},
    {0, "output-space", CK_STRING, AT(output_space), "NAME", NULL, 0, 0, NULL, 0,
     "convert colour (not comp) to CURVE, CURVE/PRIMARIES, a space such as acescg or of the OpenColorIO config, or "
     "source: that of INPUT",
     CK_IN_HELP},
    CK_OCIO_ROW(ck_encode_options, ocio_config),
    {0, "alpha", CK_CHOICE, AT(alpha), NULL, "auto", 0, 0, CK_ALPHAS, 0,
     "alpha of files with four channels; auto: by format and curve", CK_IN_HELP},
    {0, "name", CK_STRING, AT(name), "PATTERN", CK_NAMING_DEFAULT, 0, 0, NULL, 0,
     "names of stills, of {plane}, {stem}, {frame}, {frame:0N} and {shot}", CK_IN_HELP},
    {0, "exr-layout", CK_CHOICE, AT(exr_layout), NULL, "files", 0, 0, "files|layers|parts", 0,
     "planes in EXR files of their own, or as layers or parts of one file", CK_IN_HELP},
    {0, "compression", CK_STRING, AT(compression), "NAME[:LEVEL]", "piz", 0, 0, NULL, 0,
     "none, rle, zips, zip, piz, pxr24, b44, b44a, dwaa or dwab, for EXR; TIFF: none, else deflate", CK_IN_ALL},
    {'f', "format", CK_CHOICE, AT(stream), NULL, "nut", 0, 0, "nut|y4m|rawvideo", 0,
     "stream format of outputs that go to stdout (-)", CK_IN_HELP},
    {0, "y4m-matrix", CK_CHOICE, AT(y4m_matrix), NULL, "auto", 0, 0, "auto|601|709|2020", 0,
     "YCbCr matrix of y4m, which cannot label it; auto: 709 from 720 lines on, else 601", CK_IN_ALL},
    {0, "y4m-depth", CK_CHOICE, AT(y4m_depth), NULL, "10", 0, 0, "10|8", 0,
     "bits of y4m: 10 restores an 8-bit plane exactly, 8 within 2 codes", CK_IN_ALL},
    {0, "rate", CK_STRING, AT(rate), "RATE", "auto", 0, 0, NULL, 0,
     "frame rate of video, as 25 or 30000/1001; auto: the stream's, else 24", CK_IN_ALL},
    {0, "codec", CK_STRING, AT(codec), "CODEC", "auto", 0, 0, NULL, 0,
     "codec of video files: h264, hevc, av1, prores4444, prores4444xq, vp9, ffv1, qtrle or dnxhr444; auto: h264 in "
     "mp4, prores4444 in mov, vp9 in webm, ffv1 in mkv",
     CK_IN_HELP},
    {0, "video-args", CK_STRING, AT(video_args), "KEY=VALUE:...", NULL, 0, 0, NULL, 0,
     "options for the encoder of video files, named as libavcodec does", CK_IN_ALL},
    {0, "audio", CK_STRING, AT(audio), "FILE", NULL, 0, 0, NULL, 0,
     "copy the sound of FILE into video files; off: none (default: that of INPUT)", CK_IN_HELP | CK_RUN_ONLY},
    {0, "existing", CK_CHOICE, AT(existing), NULL, "replace", 0, 0, "replace|refuse|skip", 0,
     "replace, refuse or skip files", CK_IN_HELP | CK_RUN_ONLY},
    {0, "provenance", CK_CHOICE, AT(provenance), NULL, "on", 0, 0, "off|on", 0, "record source and programs in files",
     CK_IN_ALL},
    {0, "preview", CK_FLAG, AT(preview), NULL, NULL, 0, 0, NULL, 0,
     "show comp, at most 960 pixels, in ffplay or mpv as it is written", CK_IN_ALL | CK_RUN_ONLY},
    {0, "fsync", CK_FLAG, AT(fsync), NULL, NULL, 0, 0, NULL, 0, "flush each finished file and its folder to the disk",
     CK_IN_ALL | CK_RUN_ONLY},
    {0},
};

bool ck_format_is_still(ck_out_format f)
{
    return f >= CK_OUT_EXR && f <= CK_OUT_DPX16;
}

bool ck_format_is_exr(ck_out_format f)
{
    return f == CK_OUT_EXR || f == CK_OUT_EXR32;
}

const char *ck_format_suffix(ck_out_format f)
{
    static const char *const suffixes[] = {
        [CK_OUT_EXR] = ".exr",     [CK_OUT_EXR32] = ".exr", [CK_OUT_PNG] = ".png",   [CK_OUT_PNG8] = ".png",
        [CK_OUT_PNG16] = ".png",   [CK_OUT_TIFF] = ".tif",  [CK_OUT_TIFF8] = ".tif", [CK_OUT_TIFF16] = ".tif",
        [CK_OUT_TIFF32F] = ".tif", [CK_OUT_DPX10] = ".dpx", [CK_OUT_DPX16] = ".dpx", [CK_OUT_MP4] = ".mp4",
        [CK_OUT_MOV] = ".mov",     [CK_OUT_WEBM] = ".webm", [CK_OUT_MKV] = ".mkv",   [CK_OUT_OFF] = NULL};
    return suffixes[f] ? suffixes[f] : "";
}

typedef struct uses {
    bool stream, file; /* an output is requested as a stream, as files */
} uses;

static uses uses_of(const ck_encode_options *o)
{
    const int sets[] = {o->fg, o->matte, o->processed, o->comp};
    uses u = {0};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        u.stream |= sets[i] == CK_OUT_STREAM;
        u.file |= sets[i] != CK_OUT_STREAM && sets[i] != CK_OUT_AUTO && sets[i] != CK_OUT_OFF;
    }
    for (int i = 0; i < o->planes.n; i++) {
        const char *eq = strrchr(o->planes.items[i], '=');
        bool stream = eq && !strcmp(eq, "=-");
        u.stream |= stream;
        u.file |= !stream && !(eq && !strcmp(eq, "=off"));
    }
    return u;
}

bool ck_encode_wants_folder(const ck_encode_options *o)
{
    uses u = uses_of(o);
    return u.file || !u.stream;
}

bool ck_encode_streams(const ck_encode_options *o)
{
    return uses_of(o).stream;
}

bool ck_format_is_video(ck_out_format f)
{
    return f == CK_OUT_MP4 || f == CK_OUT_MOV || f == CK_OUT_WEBM || f == CK_OUT_MKV;
}

static const char *const containers[] = {
    [CK_OUT_MP4] = "mp4", [CK_OUT_MOV] = "mov", [CK_OUT_WEBM] = "webm", [CK_OUT_MKV] = "mkv"};

ck_av_codec ck_encode_codec(const ck_encode_options *o, ck_out_format f)
{
    ck_av_codec named;
    if (ck_av_codec_named(o->codec, &named))
        return named;
    return f == CK_OUT_MP4    ? CK_AV_H264
           : f == CK_OUT_WEBM ? CK_AV_VP9
           : f == CK_OUT_MKV  ? CK_AV_FFV1
                              : CK_AV_PRORES4444;
}

/* True if an output has that format of video. */
static bool writes(const ck_encode_options *o, ck_out_format format)
{
    bool any = (ck_out_format)o->fg == format || (ck_out_format)o->matte == format ||
               (ck_out_format)o->processed == format || (ck_out_format)o->comp == format;
    for (int i = 0; i < o->planes.n; i++) {
        const char *eq = strrchr(o->planes.items[i], '=');
        any |= eq && !strcmp(eq + 1, containers[format]);
    }
    return any;
}

bool ck_encode_video(const ck_encode_options *o, bool blocks)
{
    for (ck_out_format f = CK_OUT_MP4; f <= CK_OUT_MKV; f++)
        if (ck_format_is_video(f) && writes(o, f) && !(blocks && ck_av_coding_of(ck_encode_codec(o, f))->intra))
            return true;
    return false;
}

static ck_status check_video(const ck_encode_options *o, ck_error *e)
{
    ck_av_codec c;
    bool chosen = strcmp(o->codec, "auto") != 0;
    if (chosen && !ck_av_codec_named(o->codec, &c))
        return ck_fail(e, CK_ERR_ARGUMENT, "--codec: '%s' is not one of auto|" CK_AV_CODECS, o->codec);
    ck_status s = CK_OK;
    for (ck_out_format f = CK_OUT_MP4; f <= CK_OUT_MKV && s == CK_OK; f++) {
        if (!ck_format_is_video(f) || !writes(o, f))
            continue;
        c = ck_encode_codec(o, f);
        s = ck_av_codec_fits(c, containers[f], e);
        if (s == CK_OK && o->video_args)
            s = ck_av_codec_check_args(c, o->video_args, e);
    }
    bool sound = o->audio && strcmp(o->audio, CK_AUDIO_OFF) != 0;
    const char *useless = chosen ? "codec" : o->video_args ? "video-args" : sound ? "audio" : NULL;
    if (s == CK_OK && useless && !ck_encode_video(o, false))
        s = ck_fail(e, CK_ERR_ARGUMENT, "--%s is for mp4, mov, webm and mkv, and no output is one: give --comp mp4",
                    useless);
    return s;
}

static ck_status check(const void *opts, ck_error *e)
{
    const ck_encode_options *o = opts;
    ck_colour_space space;
    ck_status s = o->output_space && strcmp(o->output_space, CK_SPACE_OF_SOURCE) && !ck_ocio_wanted(o->ocio_config)
                      ? ck_colour_space_parse(o->output_space, &space, e)
                      : CK_OK;
    if (s != CK_OK)
        return ck_fail_in(e, s, "--output-space");
    ck_exr_packing packing;
    s = ck_exr_packing_parse(o->compression, &packing, e);
    if (s != CK_OK)
        return ck_fail_in(e, s, "--compression");
    ck_naming naming;
    s = ck_naming_parse(o->name, &naming, e);
    ck_naming_free(&naming);
    return s == CK_OK ? check_video(o, e) : s;
}

const ck_program ck_encode_program = {
    .name = "ck-encode",
    .summary = "write planes as EXR, PNG, TIFF, DPX, video or a raw video stream",
    .usage = "[OUT]",
    .options = rows,
    .options_size = sizeof(ck_encode_options),
    .check = check,
    .examples = "... | ck-encode --fg off --matte png16 --comp mp4 out/\n"
                "... | ck-encode --exr-layout layers --name '{shot}.{frame:04}' out/\n"
                "... | ck-encode --comp=- -f y4m | ffmpeg -i - -c:v libx265 comp.mkv\n"
                "... | ck-encode --processed mov --compression zip out/\n"
                "ck-synth | ck-encode --plane rgb=png --plane true_alpha=png16 shot/",
};
