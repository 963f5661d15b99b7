#include "io/av_decoder.h"

ck_status ck_av_decoder_new(enum AVCodecID id, const AVCodecParameters *par, ck_av_messages *words,
                            AVCodecContext **out, ck_error *e)
{
    *out = NULL;
    const AVCodec *codec = avcodec_find_decoder(id);
    if (!codec)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "this libav has no decoder for %s: convert the file with ffmpeg",
                       avcodec_get_name(id));
    ck_av_log_install();
    AVCodecContext *dec = avcodec_alloc_context3(codec);
    if (!dec || (par && avcodec_parameters_to_context(dec, par) < 0)) {
        avcodec_free_context(&dec);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a decoder");
    }
    dec->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE;
    /* For TIFF, "explode" also rejects unknown tags such as the resolution unit, which every writer adds.  Real damage
     * is still logged, which is enough. */
    if (id == AV_CODEC_ID_TIFF)
        dec->err_recognition &= ~AV_EF_EXPLODE;
    /* For H.264 it rejects frames with commands about frames before a cut.  Damage is concealed and marked instead. */
    if (id == AV_CODEC_ID_H264)
        dec->err_recognition &= ~AV_EF_EXPLODE;
    dec->opaque = words;
    *out = dec;
    return CK_OK;
}

bool ck_av_damaged(const AVFrame *av)
{
    return av->flags & AV_FRAME_FLAG_CORRUPT || av->decode_error_flags;
}
