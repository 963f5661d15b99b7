/* Meaning of a decoded frame's colour tags, with defaults for missing ones:
 *
 *     matrix   unspecified: 2020 with BT.2020 primaries, else 709 from 720 lines on, else 601
 *     range    unspecified: full for JPEG's own formats (yuvj...), RGB and grey; else limited.
 *              RGB is always full unless overridden: encoders tag it wrongly.
 *     chroma   unspecified: center for JPEG's own formats, else left */
#ifndef CK_IO_AV_COLOUR_H
#define CK_IO_AV_COLOUR_H

#include <stdbool.h>

#include "io/yuv.h"

struct AVFrame;

/* The user's overrides; 0 = as tagged in the file.  Values in the order of the option tables. */
typedef struct ck_av_choice {
    int matrix; /* 1 ... 5: ck_yuv_matrix_at(matrix - 1); then YCgCo, GBR */
    int range;  /* 1 limited, 2 full */
    int chroma; /* 1 + ck_yuv_site */
} ck_av_choice;

#define CK_AV_MATRICES "auto|" CK_YUV_MATRICES "|ycgco|gbr"
#define CK_AV_RANGES "auto|limited|full"
#define CK_AV_CHROMAS "auto|left|center|topleft|top|bottomleft|bottom"

typedef struct ck_av_colour {
    ck_yuv_kind kind;
    const ck_yuv_matrix *matrix;
    bool full;
    ck_yuv_site site;
    bool matrix_guessed, range_guessed, chroma_guessed;
} ck_av_colour;

/* Fails for unsupported matrices (constant luminance, ICtCp, ...); the text names the option to set. */
ck_status ck_av_colour_of(const struct AVFrame *av, const ck_av_choice *choice, ck_av_colour *out, ck_error *e);

/* Describe for --verbose: "yuv420p 1920x1080, matrix 709 (guessed), limited range (guessed), chroma left". */
void ck_av_colour_describe(const struct AVFrame *av, const ck_av_choice *choice, char *buf, int n);

/* Encoding for the plane: "linear", "pq", "hlg", "log100", "log316", else "srgb". */
const char *ck_av_encoding(const struct AVFrame *av);
/* The same for a transfer code of ITU-T H.273. */
const char *ck_av_encoding_of(int transfer);

/* The tags' names in the file, or NULL if unspecified. */
const char *ck_av_tag_transfer(const struct AVFrame *av);
const char *ck_av_tag_primaries(const struct AVFrame *av);

#endif
