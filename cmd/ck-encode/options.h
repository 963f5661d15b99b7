#ifndef CK_ENCODE_OPTIONS_H
#define CK_ENCODE_OPTIONS_H

#include "base/option.h"
#include "io/av_codecs.h"

/* In the order of CK_OUT_WORDS. */
typedef enum ck_out_format {
    CK_OUT_AUTO,
    CK_OUT_EXR,
    CK_OUT_EXR32,
    CK_OUT_PNG,
    CK_OUT_PNG8,
    CK_OUT_PNG16,
    CK_OUT_TIFF,
    CK_OUT_TIFF8,
    CK_OUT_TIFF16,
    CK_OUT_TIFF32F,
    CK_OUT_DPX10,
    CK_OUT_DPX16,
    CK_OUT_MP4,
    CK_OUT_MOV,
    CK_OUT_WEBM,
    CK_OUT_MKV,
    CK_OUT_STREAM,
    CK_OUT_OFF
} ck_out_format;
#define CK_OUT_WORDS "auto|exr|exr32|png|png8|png16|tiff|tiff8|tiff16|tiff32f|dpx10|dpx16|mp4|mov|webm|mkv|-|off"

typedef enum ck_stream_format { CK_STREAM_NUT, CK_STREAM_Y4M, CK_STREAM_RAWVIDEO } ck_stream_format;

/* Treatment of files that exist already. */
typedef enum ck_existing { CK_EXISTING_REPLACE, CK_EXISTING_REFUSE, CK_EXISTING_SKIP } ck_existing;

/* Curve of FG's files. */
typedef enum ck_fg_encoding { CK_FG_AUTO, CK_FG_SRGB, CK_FG_LINEAR, CK_FG_SOURCE } ck_fg_encoding;

/* The EXR files of a frame: one for each plane; one, with a layer for each; one, with a part for each. */
typedef enum ck_exr_layout { CK_EXR_FILES, CK_EXR_LAYERS, CK_EXR_PARTS } ck_exr_layout;
#define CK_EXR_FOLDER "EXR" /* {plane} of layers and parts */

/* The output space that stands for INPUT's own. */
#define CK_SPACE_OF_SOURCE "source"

#define CK_AUDIO_OFF "off" /* the value of --audio for no sound */

typedef struct ck_encode_options {
    ck_common common;
    int fg, matte, processed, comp; /* ck_out_format */
    ck_list planes;                 /* NAME=FORMAT */
    int fg_encoding;                /* ck_fg_encoding */
    const char *output_space;       /* NULL: none */
    const char *ocio_config;        /* NULL: $OCIO */
    const char *compression;        /* for ck_exr_packing_parse */
    int exr_layout;                 /* ck_exr_layout */
    int alpha;                      /* ck_alpha */
    const char *name;               /* for ck_naming_parse */
    int stream;                     /* ck_stream_format */
    int y4m_matrix;                 /* 0: by size; else 1 + index of ck_yuv_matrix_at */
    int y4m_depth;                  /* 0: 10 bits, 1: 8 */
    const char *rate;               /* "auto", "N", "N/D" */
    const char *codec;              /* "auto": by container; else one of CK_AV_CODECS */
    const char *video_args;         /* NULL: none */
    const char *audio;              /* file, "off"; NULL: the source's */
    int existing;                   /* ck_existing */
    int provenance;                 /* 0: off, 1: on */
    bool preview;                   /* show comp while the run goes on */
    bool fsync;                     /* flush each finished file to the disk */
} ck_encode_options;

/* True if the command line needs OUT: an output is requested as files, or none as a stream. */
bool ck_encode_wants_folder(const ck_encode_options *o);

/* True if an output goes to standard output. */
bool ck_encode_streams(const ck_encode_options *o);

/* True for mp4, mov, webm and mkv. */
bool ck_format_is_video(ck_out_format f);
/* The codec of such a format. */
ck_av_codec ck_encode_codec(const ck_encode_options *o, ck_out_format f);

/* True if a video file is written; with `blocks`, only one whose frames refer to each other. */
bool ck_encode_video(const ck_encode_options *o, bool blocks);

bool ck_format_is_still(ck_out_format f);
bool ck_format_is_exr(ck_out_format f);
const char *ck_format_suffix(ck_out_format f); /* ".exr", ".mov", ...; "" for others */

extern const ck_program ck_encode_program;

#endif
