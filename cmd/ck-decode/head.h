/* The description of a source in HEAD and under --verbose. */
#ifndef CK_DECODE_HEAD_H
#define CK_DECODE_HEAD_H

#include "ck-decode/source.h"

/* Set source, width, height, rate, frames, numbers, missing, transfer, primaries, start, sar, host and inputs in
 * `head`. rgb: a plane of the first frame. */
ck_status ck_decode_fill_head(const ck_source *s, const ck_plane *rgb, ck_meta *head, ck_error *e);

/* Report what was found, guessed and left unchanged. */
void ck_decode_explain(const ck_source *s, const ck_plane *rgb);

/* At the end: report the number of frames if it was not known before. */
void ck_decode_explain_count(const ck_source *s, long frames);

#endif
