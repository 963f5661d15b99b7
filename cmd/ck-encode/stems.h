/* Names of output files: from a frame's `stem`, safe and used once.  With a pattern of the user's, whole names. */
#ifndef CK_ENCODE_STEMS_H
#define CK_ENCODE_STEMS_H

#include <stdbool.h>

#include "stream/frame.h"

/* *out: the frame's `stem`, else its number in five digits; owned.  Fails if the stem is not a plain file name. */
ck_status ck_stem_make(const ck_frame *f, char **out, ck_error *e);

/* The names used so far, as 64-bit hashes, at most 48 bytes each.  In a million frames the probability that two
 * names have one hash, so that a good name is refused, is 1 in 30 million. */
typedef struct ck_stems {
    struct ck_stem_slot {
        uint64_t hash; /* 0 = empty */
        uint64_t seq;
        long number; /* the file's own */
    } * slots;
    size_t n, cap; /* cap: a power of two or 0 */
} ck_stems;

/* *taken: the number of the frame that has the name already, else *free is true.  `stem`: or a whole name. */
ck_status ck_stems_claim(ck_stems *s, const char *stem, const ck_frame *f, bool *free, long *taken, ck_error *e);
/* The slot of the frame that has the name, or NULL. */
const struct ck_stem_slot *ck_stems_find(const ck_stems *s, const char *stem, size_t len);
void ck_stems_free(ck_stems *s);

#endif
