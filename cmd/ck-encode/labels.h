/* The encoding that a file states: of the values that it holds, which is not always the one of its plane. */
#ifndef CK_ENCODE_LABELS_H
#define CK_ENCODE_LABELS_H

#include "stream/frame.h"

/* transfer: HEAD's, or NULL.  display: the file shows the plane as io/display.h does, so linear light is sRGB-encoded.
 *
 * Programs take every curve but linear for sRGB.  Of a plate in PQ, HLG, log or another gamma, the planes fg and comp
 * are therefore codes of that curve ("pq"), and so is `processed` when it is shown; its own values are "unknown". */
const char *ck_label_encoding(const char *transfer, const ck_plane *p, bool display);

#endif
