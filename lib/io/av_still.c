#include "io/av_still.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/apng.h"
#include "io/av_decoder.h"
#include "io/av_load.h"
#include "io/av_pixels.h"
#include "io/colour_tag.h"
#include "io/jpeg.h"

#define HEAD 16

static const struct {
    const char *magic; /* "?" matches any byte */
    size_t n;
    ck_still_kind kind;
    enum AVCodecID codec;
} formats[] = {
    {"\x89PNG\r\n\x1a\n", 8, CK_STILL_PNG, 0},
    {"\x76\x2f\x31\x01", 4, CK_STILL_EXR, 0},
    {"\xff\xd8\xff", 3, CK_STILL_AV, AV_CODEC_ID_MJPEG},
    {"II*\0", 4, CK_STILL_TIFF, 0},
    {"MM\0*", 4, CK_STILL_TIFF, 0},
    {"II+\0\x08\0", 6, CK_STILL_TIFF, 0},
    {"MM\0+\0\x08", 6, CK_STILL_TIFF, 0},
    {"#?RADIANCE", 10, CK_STILL_RADIANCE, 0},
    {"#?RGBE", 6, CK_STILL_RADIANCE, 0},
    {"????ftyphei", 11, CK_STILL_HEIC, 0},
    {"????ftypmif1", 12, CK_STILL_HEIC, 0},
    {"\x80\x2a\x5f\xd7", 4, CK_STILL_CINEON, 0},
    {"\xd7\x5f\x2a\x80", 4, CK_STILL_CINEON, 0},
    {"SDPX", 4, CK_STILL_AV, AV_CODEC_ID_DPX},
    {"XPDS", 4, CK_STILL_AV, AV_CODEC_ID_DPX},
    {"BM????\0\0\0\0", 10, CK_STILL_AV, AV_CODEC_ID_BMP},
    {"RIFF????WEBPVP8", 15, CK_STILL_AV, AV_CODEC_ID_WEBP},
    {"\x01\xda\0\x01", 4, CK_STILL_AV, AV_CODEC_ID_SGI},
    {"\x01\xda\x01\x01", 4, CK_STILL_AV, AV_CODEC_ID_SGI},
    {"\x01\xda\0\x02", 4, CK_STILL_AV, AV_CODEC_ID_SGI},
    {"\x01\xda\x01\x02", 4, CK_STILL_AV, AV_CODEC_ID_SGI},
    {"P1", 2, CK_STILL_AV, AV_CODEC_ID_PBM},
    {"P2", 2, CK_STILL_AV, AV_CODEC_ID_PGM},
    {"P3", 2, CK_STILL_AV, AV_CODEC_ID_PPM},
    {"P4", 2, CK_STILL_AV, AV_CODEC_ID_PBM},
    {"P5", 2, CK_STILL_AV, AV_CODEC_ID_PGM},
    {"P6", 2, CK_STILL_AV, AV_CODEC_ID_PPM},
    {"P7\n", 3, CK_STILL_AV, AV_CODEC_ID_PAM},
    {"PF\n", 3, CK_STILL_AV, AV_CODEC_ID_PFM},
    {"Pf\n", 3, CK_STILL_AV, AV_CODEC_ID_PFM},
    {"\0\0\0\x0cjP  \r\n\x87\n", 12, CK_STILL_AV, AV_CODEC_ID_JPEG2000},
    {"\xff\x4f\xff\x51", 4, CK_STILL_AV, AV_CODEC_ID_JPEG2000},
};

static bool fits(const char *magic, const uint8_t *head, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (magic[i] != '?' && (uint8_t)magic[i] != head[i])
            return false;
    return true;
}

static bool suffix_is(const char *path, const char *suffix)
{
    size_t n = strlen(path), m = strlen(suffix);
    return n > m && !strcasecmp(path + n - m, suffix);
}

/* libavcodec 5.1 of Debian 12 has no decoder for it, and no number. */
static ck_still_kind radiance(enum AVCodecID *codec)
{
    const AVCodec *decoder = ck_av_load(CK_LIBAVCODEC, NULL) == CK_OK ? avcodec_find_decoder_by_name("hdr") : NULL;
    *codec = decoder ? decoder->id : AV_CODEC_ID_NONE;
    return decoder ? CK_STILL_AV : CK_STILL_RADIANCE;
}

/* The kind by signature, else by suffix.  PNM needs a blank after its two letters: text files may start with them. */
static ck_still_kind kind_of(const char *path, const uint8_t *head, size_t n, enum AVCodecID *codec)
{
    /* Motion JPEG is a sequence of JPEGs: its signature is that of one. */
    if (suffix_is(path, ".mjpeg") || suffix_is(path, ".mjpg"))
        return CK_STILL_NONE;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (n < formats[i].n || !fits(formats[i].magic, head, formats[i].n))
            continue;
        if (formats[i].n == 2 && (n < 3 || !strchr(" \t\r\n#", head[2]) || !head[2]))
            continue;
        *codec = formats[i].codec;
        return formats[i].kind == CK_STILL_RADIANCE ? radiance(codec) : formats[i].kind;
    }
    *codec = AV_CODEC_ID_TARGA;
    return suffix_is(path, ".tga") ? CK_STILL_AV : CK_STILL_NONE;
}

/* Open the file and read *n bytes of its head. */
static ck_status open_head(const char *path, int *fd, uint8_t head[HEAD], size_t *n, ck_error *e)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return ck_fail_errno(e, "cannot open");
    ssize_t r = read(*fd, head, HEAD);
    if (r < 0) {
        ck_status s = ck_fail_errno(e, "cannot read");
        close(*fd);
        return s;
    }
    *n = (size_t)r;
    return CK_OK;
}

ck_status ck_still_probe(const char *path, ck_still_kind *kind, ck_error *e)
{
    uint8_t head[HEAD];
    size_t n = 0;
    int fd;
    enum AVCodecID codec;
    struct stat st;
    /* A pipe can be read only once: leave it to the video reader. */
    *kind = CK_STILL_NONE;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return CK_OK;
    ck_status s = open_head(path, &fd, head, &n, e);
    if (s != CK_OK)
        return s;
    if (n == 0) {
        close(fd);
        return ck_fail(e, CK_ERR_FORMAT, "the file is empty: copy or render it again");
    }
    *kind = kind_of(path, head, n, &codec);
    if (*kind == CK_STILL_PNG && ck_apng_frames(fd) > 1)
        *kind = CK_STILL_ANIMATED;
    close(fd);
    return CK_OK;
}

/* The whole file in one packet, with the padding that libav's bit readers need. */
static ck_status read_all(const char *path, AVPacket *pkt, enum AVCodecID *codec, ck_error *e)
{
    uint8_t head[HEAD];
    size_t n = 0;
    int fd;
    struct stat st;
    ck_status s = open_head(path, &fd, head, &n, e);
    if (s != CK_OK)
        return s;
    if (fstat(fd, &st))
        s = ck_fail_errno(e, "cannot read");
    else if (kind_of(path, head, n, codec) != CK_STILL_AV)
        s = ck_fail(e, CK_ERR_FORMAT, "not an image file that libav reads");
    else if (st.st_size > INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE || av_new_packet(pkt, (int)st.st_size) < 0)
        s = ck_fail(e, CK_ERR_MEMORY, "out of memory for a file of %lld bytes", (long long)st.st_size);
    for (ssize_t got = 0, r; s == CK_OK && got < pkt->size; got += r) {
        r = pread(fd, pkt->data + got, (size_t)(pkt->size - got), got);
        if (r < 0)
            s = ck_fail_errno(e, "cannot read");
        else if (r == 0)
            s = ck_fail(e, CK_ERR_IO, "the file shrank while it was read");
        if (s != CK_OK)
            break;
    }
    close(fd);
    return s;
}

/* Set properties that the decoder does not pass on. */
static void complete(enum AVCodecID codec, const AVPacket *pkt, AVFrame *av)
{
    /* Byte 801: transfer characteristic of the first image element (SMPTE 268M); printing density or logarithmic. */
    if (codec == AV_CODEC_ID_DPX && pkt->size > 801 && (pkt->data[801] == 1 || pkt->data[801] == 3))
        av->color_trc = AVCOL_TRC_LOG;
    /* RFC 9649: BT.601, chroma centred. */
    if (codec == AV_CODEC_ID_WEBP) {
        if (av->chroma_location == AVCHROMA_LOC_UNSPECIFIED)
            av->chroma_location = AVCHROMA_LOC_CENTER;
        if (av->colorspace == AVCOL_SPC_UNSPECIFIED)
            av->colorspace = AVCOL_SPC_SMPTE170M;
    }
}

static ck_status set_tags(const AVFrame *av, enum AVCodecID codec, const char *name, ck_frame *f, ck_error *e)
{
    ck_colour_tag tag = {.encoding = ""};
    /* libav's log100 is not the curve of film. */
    bool film = codec == AV_CODEC_ID_DPX && av->color_trc == AVCOL_TRC_LOG;
    ck_plane *p = ck_frame_plane(f, name);
    if (film && p && *p->encoding)
        snprintf(p->encoding, sizeof p->encoding, "cineon");
    ck_status s = ck_meta_set(&f->meta, "transfer", film ? "cineon" : ck_av_tag_transfer(av), e);
    if (s == CK_OK)
        s = ck_meta_set(&f->meta, "primaries", ck_av_tag_primaries(av), e);
    AVRational sar = av->sample_aspect_ratio;
    if (s == CK_OK && codec == AV_CODEC_ID_DPX && sar.num > 0 && sar.den > 0 && sar.num != sar.den)
        s = ck_meta_setf(&f->meta, e, "sar", "%d/%d", sar.num, sar.den);
    const AVFrameSideData *icc = av_frame_get_side_data(av, AV_FRAME_DATA_ICC_PROFILE);
    if (s != CK_OK || !icc)
        return s;
    snprintf(tag.encoding, sizeof tag.encoding, "%s", p ? p->encoding : "srgb");
    ck_colour_tag_icc(&tag, icc->data, (size_t)icc->size);
    if (p)
        snprintf(p->encoding, sizeof p->encoding, "%s", tag.encoding);
    return ck_colour_tag_set(&tag, f, e);
}

static ck_status decode(enum AVCodecID id, AVPacket *pkt, AVFrame *av, ck_error *e)
{
    AVCodecContext *dec;
    ck_av_messages words = {0};
    char why[300];
    ck_status s = ck_av_decoder_new(id, NULL, &words, &dec, e);
    if (s != CK_OK)
        return s;
    dec->thread_count = 1;
    int r = avcodec_open2(dec, NULL, NULL);
    if (r >= 0)
        r = avcodec_send_packet(dec, pkt);
    if (r >= 0)
        r = avcodec_send_packet(dec, NULL);
    if (r >= 0)
        r = avcodec_receive_frame(dec, av);
    if (r < 0)
        s = ck_fail(e, CK_ERR_FORMAT, "damaged, or of a kind libav cannot decode%s: copy or render it again",
                    ck_av_messages_why(&words, why, sizeof why));
    else if (ck_av_damaged(av) || ck_av_messages_said(&words))
        s = ck_fail(e, CK_ERR_FORMAT, "damaged%s: copy or render it again",
                    ck_av_messages_why(&words, why, sizeof why));
    avcodec_free_context(&dec);
    return s;
}

ck_status ck_av_still_read(const char *path, const ck_av_choice *choice, ck_want want, const char *name, ck_frame *f,
                           ck_error *e)
{
    ck_status s = ck_av_load(CK_LIBAVCODEC, e);
    if (s != CK_OK)
        return s;
    AVPacket *pkt = av_packet_alloc();
    AVFrame *av = av_frame_alloc();
    enum AVCodecID codec = AV_CODEC_ID_NONE;
    ck_orient o = {0};
    s = pkt && av ? read_all(path, pkt, &codec, e) : ck_fail(e, CK_ERR_MEMORY, "out of memory");
    if (s == CK_OK && codec == AV_CODEC_ID_MJPEG)
        s = ck_jpeg_check(pkt->data, (size_t)pkt->size, e);
    if (s == CK_OK)
        s = decode(codec, pkt, av, e);
    if (s == CK_OK) {
        const AVFrameSideData *side = av_frame_get_side_data(av, AV_FRAME_DATA_DISPLAYMATRIX);
        if (side && side->size >= 9 * sizeof(int32_t))
            ck_orient_from_matrix((const int32_t *)(const void *)side->data, &o);
        complete(codec, pkt, av);
        s = ck_av_plane(av, choice, o, want, name, f, e);
    }
    if (s == CK_OK && !ck_want_is_mask(want))
        s = set_tags(av, codec, name, f, e);
    av_frame_free(&av);
    av_packet_free(&pkt);
    return s;
}
