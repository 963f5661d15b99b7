/* What HEAD says about a source, and what --verbose does. */
#ifndef CK_DECODE_HEAD_H
#define CK_DECODE_HEAD_H

#include "ck-decode/source.h"

/* source, rate, frames, transfer, primaries, start, sar; rgb is a plane of the first frame. */
ck_status ck_decode_fill_head(const ck_source *s, const ck_plane *rgb, ck_meta *head, ck_error *e);

/* What was found, guessed and left as it is. */
void ck_decode_explain(const ck_source *s, const ck_plane *rgb);

/* At the end: how many there were, where nothing had said so. */
void ck_decode_explain_count(const ck_source *s, long frames);

#endif
