/* ck formats: what this build reads and writes. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/plugin.h"
#include "ck/commands.h"
#include "io/av_codecs.h"
#include "io/av_load.h"

#define WIDTH 14 /* of the first column */

static void row(bool there, const char *name, const char *text)
{
    printf("  %-3s %-*s%s%s\n", there ? "yes" : "no", *text ? WIDTH : 0, name, *text ? " " : "", text);
}

static bool decodes(const char *codec)
{
    const AVCodecDescriptor *d = avcodec_descriptor_get_by_name(codec);
    return d && avcodec_find_decoder(d->id);
}

static void stills_in(void)
{
    static const struct {
        const char *name, *codec, *text; /* codec: libavcodec's name; NULL: a library that ck is always built with */
    } stills[] = {{"OpenEXR", NULL, "layers, parts, half and float"},
                  {"PNG", NULL, "8 and 16 bits"},
                  {"TIFF", NULL, "8 to 32 bits, half, float"},
                  {"Cineon", NULL, "10 bits"},
                  {"DPX", "dpx", ""},
                  {"JPEG", "mjpeg", ""},
                  {"JPEG 2000", "jpeg2000", ""},
                  {"WebP", "webp", ""},
                  {"AVIF", "av1", ""},
                  {"Radiance", "hdr", "with libavcodec 61 or later"},
                  {"SGI, TGA, BMP", "sgi", ""},
                  {"PNM, PAM, PFM", "pfm", ""}};
    printf("Stills in (ck-decode):\n");
    for (size_t i = 0; i < sizeof stills / sizeof *stills; i++)
        row(!stills[i].codec || decodes(stills[i].codec), stills[i].name, stills[i].text);
}

static void videos_in(void)
{
    static const struct {
        const char *name, *codec;
    } videos[] = {{"ProRes", "prores"},     {"DNxHD, DNxHR", "dnxhd"},
                  {"H.264", "h264"},        {"HEVC", "hevc"},
                  {"AV1", "av1"},           {"VP9", "vp9"},
                  {"FFV1", "ffv1"},         {"QuickTime RLE", "qtrle"},
                  {"CineForm", "cfhd"},     {"v210", "v210"},
                  {"MPEG-2", "mpeg2video"}, {"Motion JPEG", "mjpeg"}};
    printf("\nVideo in (ck-decode; these, and all else that libavcodec %d decodes):\n", LIBAVCODEC_VERSION_MAJOR);
    for (size_t i = 0; i < sizeof videos / sizeof *videos; i++)
        row(decodes(videos[i].codec), videos[i].name, "");
}

static void stills_out(void)
{
    printf("\nStills out (ck-encode):\n");
    row(true, "exr exr32", "half, float; --compression, --exr-layout");
    row(true, "png png8 png16", "8, 16 bits");
    row(true, "tiff tiff8 ...", "tiff8, tiff16, tiff32f: 8, 16 bits, float");
    row(true, "dpx10 dpx16", "10, 16 bits");
}

static void videos_out(void)
{
    char text[200];
    printf("\nVideo out (ck-encode --codec):\n");
    for (int i = 0; i < CK_AV_RAW; i++) {
        const ck_av_coding *c = ck_av_coding_of((ck_av_codec)i);
        bool there = avcodec_find_encoder_by_name(c->encoder) != NULL;
        snprintf(text, sizeof text, "%s by %s, in%.*s%s%s", c->name, c->encoder, (int)strlen(c->containers) - 1,
                 c->containers, *c->alpha_in ? "; with alpha" : "",
                 there ? "" : ": this libavcodec has no such encoder");
        row(there, c->word, text);
    }
}

static void plug_ins(void)
{
    static const struct {
        const char *name, *file, *text;
    } plug_ins[] = {{"OpenColorIO", "ocio", "--ocio-config"}, {"CUDA", "cuda", "--device cuda; see ck doctor"}};
    printf("\nPlug-ins:\n");
    for (size_t i = 0; i < sizeof plug_ins / sizeof *plug_ins; i++)
        row(ck_plugin_exists(plug_ins[i].file), plug_ins[i].name, plug_ins[i].text);
}

int ck_command_formats(int argc, char **argv)
{
    ck_error e;
    ck_log_init("ck formats", CK_LOG_NORMAL);
    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "--help=all"))) {
        printf("Usage: ck formats\n\nck formats: list what this build reads and writes\n\nManual: man ck\n");
        return ck_log_flush_stdout();
    }
    if (argc > 1) {
        ck_log_error("unexpected argument '%s': ck formats takes none", argv[1]);
        return 2;
    }
    if (ck_av_load(CK_LIBAVCODEC, &e) != CK_OK) {
        ck_log_error("%s", e.text);
        return 1;
    }
    stills_in();
    videos_in();
    stills_out();
    videos_out();
    plug_ins();
    return ck_log_flush_stdout();
}
