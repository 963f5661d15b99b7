/* From the codes of a camera to the light of the stream.
 *
 *     sRGB, BT.709, BT.1886 and other curves of displays   codes stay as they are
 *     linear                                               stays
 *     PQ, HLG, logarithms, gammas                          become linear light, f32
 *
 * The curve and the primaries are those of the file unless an option overrides them.  With --working, linear light in
 * other primaries follows, also from display values. */
#ifndef CK_DECODE_LIGHT_H
#define CK_DECODE_LIGHT_H

#include "ck-decode/options.h"
#include "stream/frame.h"

/* For planes of other files: light goes to the primaries of the stream (NULL: unknown) where they differ from the
 * file's by more than those of SD and HD video do. */
void ck_light_for_added(const char *stream_primaries, ck_light *out);

/* Open the config that the options name, for a space of it. */
ck_status ck_light_open(ck_light *l, const ck_decode_options *o, ck_error *e);
void ck_light_close(ck_light *l);

/* Convert plane `name`, colour as it was read.  f->meta has the file's `transfer` and `primaries`, if stated;
 * afterwards those of the plane, and CK_SOURCE_TRANSFER and CK_SOURCE_PRIMARIES where they were others. */
ck_status ck_light_plane(const ck_light *l, const char *name, ck_frame *f, ck_error *e);

/* The primaries that cameras with this curve have; NULL: none in particular. */
const char *ck_light_usual_primaries(const char *curve);

#endif
