#include "io/av_codecs.h"

#include <libavutil/opt.h>
#include <stdio.h>
#include <string.h>

#include "io/av_load.h"

/* H.264, HEVC: look-ahead frames take most of the encoder's memory.
 * ProRes: some editors require Apple's vendor code.
 * QuickTime Animation and FFV1: g=1 makes each packet a whole frame. */
static const ck_av_coding rows[] = {
    [CK_AV_H264] = {.word = "h264",
                    .name = "H.264",
                    .encoder = "libx264",
                    .remedy = "use mov (ProRes) or png, or pipe --comp=- -f y4m into another encoder",
                    .containers = " mp4 mov mkv ",
                    .alpha_in = "",
                    .options = "preset=medium:crf=18:rc-lookahead=10",
                    .opaque = CK_420_8,
                    .alpha = CK_420_8},
    [CK_AV_HEVC] = {.word = "hevc",
                    .name = "HEVC",
                    .encoder = "libx265",
                    .remedy = "use --codec h264",
                    .containers = " mp4 mov mkv ",
                    .alpha_in = "",
                    .options = "preset=medium:crf=18:rc-lookahead=10",
                    .opaque = CK_420_10,
                    .alpha = CK_420_10,
                    .least_w = 16,
                    .least_h = 16},
    [CK_AV_AV1] = {.word = "av1",
                   .name = "AV1",
                   .encoder = "libaom-av1",
                   .remedy = "use --codec vp9 or hevc",
                   .containers = " mp4 webm mkv ",
                   .alpha_in = "",
                   .options = "crf=18:cpu-used=6:row-mt=1",
                   .opaque = CK_420_10,
                   .alpha = CK_420_10},
    [CK_AV_PRORES4444] = {.word = "prores4444",
                          .name = "ProRes 4444",
                          .encoder = "prores_ks",
                          .remedy = "use exr or png16",
                          .containers = " mov mkv ",
                          .alpha_in = " mov mkv ",
                          .options = "profile=4444:vendor=apl0",
                          .opaque = CK_444_10_ALPHA,
                          .alpha = CK_444_10_ALPHA,
                          .quantiser = 2,
                          .intra = true},
    [CK_AV_PRORES4444XQ] = {.word = "prores4444xq",
                            .name = "ProRes 4444 XQ",
                            .encoder = "prores_ks",
                            .remedy = "use exr or png16",
                            .containers = " mov mkv ",
                            .alpha_in = " mov mkv ",
                            .options = "profile=4444xq:vendor=apl0",
                            .opaque = CK_444_10_ALPHA,
                            .alpha = CK_444_10_ALPHA,
                            .quantiser = 1,
                            .intra = true},
    [CK_AV_VP9] = {.word = "vp9",
                   .name = "VP9",
                   .encoder = "libvpx-vp9",
                   .remedy = "use --codec av1, or prores4444 in mov for alpha",
                   .containers = " mp4 webm mkv ",
                   .alpha_in = " webm mkv ",
                   .options = "crf=18:b=0:row-mt=1:deadline=good:cpu-used=2",
                   .opaque = CK_420_8,
                   .alpha = CK_420_8_ALPHA},
    [CK_AV_FFV1] = {.word = "ffv1",
                    .name = "FFV1",
                    .encoder = "ffv1",
                    .remedy = "use exr or png16",
                    .containers = " mov mkv ",
                    .alpha_in = " mov mkv ",
                    .options = "level=3:g=1:slicecrc=1",
                    .opaque = CK_BGRA,
                    .alpha = CK_BGRA,
                    .intra = true},
    [CK_AV_QTRLE] = {.word = "qtrle",
                     .name = "QuickTime Animation",
                     .encoder = "qtrle",
                     .remedy = "use --codec ffv1 or png8",
                     .containers = " mov ",
                     .alpha_in = " mov ",
                     .options = "g=1",
                     .opaque = CK_ARGB_8,
                     .alpha = CK_ARGB_8,
                     .intra = true},
    [CK_AV_DNXHR444] = {.word = "dnxhr444",
                        .name = "DNxHR 444",
                        .encoder = "dnxhd",
                        .remedy = "use --codec prores4444",
                        .containers = " mov ",
                        .alpha_in = "",
                        .options = "profile=dnxhr_444",
                        .opaque = CK_444_10,
                        .alpha = CK_444_10,
                        .intra = true,
                        .least_w = 256,
                        .least_h = 120},
    [CK_AV_RAW] = {.word = "rawvideo",
                   .name = "nut",
                   .encoder = "rawvideo",
                   .remedy = "use y4m",
                   .containers = " nut ",
                   .alpha_in = " nut ",
                   .options = "",
                   .opaque = CK_PACKED,
                   .alpha = CK_PACKED,
                   .intra = true},
};
#define ROWS (sizeof rows / sizeof *rows)

const ck_av_coding *ck_av_coding_of(ck_av_codec c)
{
    return &rows[c];
}

bool ck_av_codec_named(const char *word, ck_av_codec *out)
{
    for (size_t i = 0; i < CK_AV_RAW; i++)
        if (!strcmp(rows[i].word, word)) {
            *out = (ck_av_codec)i;
            return true;
        }
    return false;
}

/* True if the word is one of " a b c ". */
static bool listed(const char *list, const char *word)
{
    char padded[32];
    snprintf(padded, sizeof padded, " %s ", word);
    return strstr(list, padded) != NULL;
}

/* The codecs that the container holds: "h264, hevc". */
static void list_codecs(const char *container, bool alpha, char *buf, size_t n)
{
    size_t at = 0;
    buf[0] = 0;
    for (size_t i = 0; i < ROWS && at < n; i++)
        if (listed(alpha ? rows[i].alpha_in : rows[i].containers, container))
            at += (size_t)snprintf(buf + at, n - at, "%s%s", at ? ", " : "", rows[i].word);
}

ck_status ck_av_codec_fits(ck_av_codec c, const char *container, ck_error *e)
{
    char codecs[200];
    if (listed(rows[c].containers, container))
        return CK_OK;
    list_codecs(container, false, codecs, sizeof codecs);
    return ck_fail(e, CK_ERR_ARGUMENT, "%s cannot hold %s: it holds %s; %s fits into%.*s", container, rows[c].name,
                   codecs, rows[c].word, (int)strlen(rows[c].containers) - 1, rows[c].containers);
}

ck_status ck_av_codec_holds(ck_av_codec c, const char *container, const char *plane, int channels, int w, int h,
                            ck_error *e)
{
    const ck_av_coding *k = &rows[c];
    ck_sampling s = channels == 4 ? k->alpha : k->opaque;
    if (channels == 4 && !listed(k->alpha_in, container)) {
        char codecs[200];
        list_codecs(container, true, codecs, sizeof codecs);
        return ck_fail(e, CK_ERR_ARGUMENT, "%s%s%s cannot store the alpha of plane '%s': use %s%s", k->name,
                       *k->alpha_in ? " in " : "", *k->alpha_in ? container : "", plane,
                       *codecs ? "--codec " : "mov, webm or mkv", codecs);
    }
    if ((s == CK_420_8 || s == CK_420_8_ALPHA || s == CK_420_10) && ((w | h) & 1))
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "%s needs an even width and height, plane '%s' is %d x %d: use mov or png, or pad with ffmpeg "
                       "(-f y4m)",
                       k->name, plane, w, h);
    if (w < k->least_w || h < k->least_h)
        return ck_fail(e, CK_ERR_ARGUMENT, "%s needs %d x %d pixels or more, plane '%s' is %d x %d: use another codec",
                       k->name, k->least_w, k->least_h, plane, w, h);
    return CK_OK;
}

static ck_status parse(const char *args, AVDictionary **out, ck_error *e)
{
    if (args && av_dict_parse_string(out, args, "=", ":", 0) < 0)
        return ck_fail(e, CK_ERR_ARGUMENT, "--video-args '%s' is not KEY=VALUE:KEY=VALUE", args);
    return CK_OK;
}

static bool has_option(const AVCodec *codec, const char *key)
{
    int flags = AV_OPT_FLAG_ENCODING_PARAM | AV_OPT_FLAG_VIDEO_PARAM;
    const AVClass *common = avcodec_get_class(), *own = codec->priv_class;
    return av_opt_find(&common, key, NULL, flags, AV_OPT_SEARCH_FAKE_OBJ) ||
           (own && av_opt_find(&own, key, NULL, flags, AV_OPT_SEARCH_FAKE_OBJ));
}

ck_status ck_av_codec_check_args(ck_av_codec c, const char *args, ck_error *e)
{
    AVDictionary *all = NULL;
    ck_status s = ck_av_load(CK_LIBAVCODEC, e);
    const AVCodec *codec = s == CK_OK ? avcodec_find_encoder_by_name(rows[c].encoder) : NULL;
    if (s == CK_OK)
        s = parse(args, &all, e);
    for (const AVDictionaryEntry *o = NULL;
         codec && s == CK_OK && (o = av_dict_get(all, "", o, AV_DICT_IGNORE_SUFFIX));)
        if (!has_option(codec, o->key))
            s = ck_fail(e, CK_ERR_ARGUMENT, "--video-args: the encoder of %s, %s, has no option '%s'", rows[c].name,
                        rows[c].encoder, o->key);
    av_dict_free(&all);
    return s;
}

/* Put ours in front of the user's parameters for the encoder's own library. */
static int prepend(AVDictionary **opts, const char *key, const char *ours)
{
    char text[1000];
    const AVDictionaryEntry *user = av_dict_get(*opts, key, NULL, 0);
    snprintf(text, sizeof text, "%s%s%s", ours, user ? ":" : "", user ? user->value : "");
    return av_dict_set(opts, key, text, 0);
}

static int complete(ck_av_codec c, int threads, bool alpha, AVDictionary **opts)
{
    char own[80];
    switch (c) {
    case CK_AV_H264:
        /* Otherwise the bytes depend on the vector unit.  With AVX-512 x264 164 even uses memory that was never
         * written, so that they differ from run to run. */
        return prepend(opts, "x264-params", "cpu-independent=1");
    case CK_AV_HEVC:
        /* Otherwise x265 prints on stderr, and uses every core. */
        snprintf(own, sizeof own, "log-level=none:pools=%d", threads);
        return prepend(opts, "x265-params", own);
    case CK_AV_VP9: /* libvpx cannot encode alpha with frames that are not shown */
        return alpha ? av_dict_set(opts, "auto-alt-ref", "0", AV_DICT_DONT_OVERWRITE) : 0;
    default:
        return 0;
    }
}

ck_status ck_av_codec_options(ck_av_codec c, const char *args, int threads, bool alpha, AVDictionary **out,
                              bool *own_quality, ck_error *e)
{
    static const char *const qualities[] = {"b", "crf", "qp", "qscale", "global_quality", "bits_per_mb"};
    AVDictionary *user = NULL;
    *own_quality = false;
    ck_status s = parse(args, &user, e);
    for (size_t i = 0; i < sizeof qualities / sizeof *qualities; i++)
        *own_quality |= av_dict_get(user, qualities[i], NULL, 0) != NULL;
    int code = s == CK_OK && *rows[c].options ? av_dict_parse_string(out, rows[c].options, "=", ":", 0) : 0;
    if (*own_quality && code >= 0)
        code = av_dict_set(out, "crf", NULL, 0);
    if (code >= 0)
        code = av_dict_copy(out, user, 0);
    if (code >= 0)
        code = complete(c, threads, alpha, out);
    av_dict_free(&user);
    return s == CK_OK && code < 0 ? ck_fail(e, CK_ERR_MEMORY, "out of memory for the encoder's options") : s;
}
