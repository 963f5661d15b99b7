/* The finished part of a video: its segments in OUT/.ck-segments/NAME, matched with the frames of a job. */
#ifndef CK_CK_PIECES_H
#define CK_CK_PIECES_H

#include "ck/shot.h"
#include "io/av_join.h"

typedef struct ck_pieces {
    ck_segment *segments; /* owned */
    size_t n, cap;
    ck_segment_ref *refs; /* in decoding order, one for each frame that is there; owned */
    size_t n_refs;
    bool *there, *failed; /* per frame of the job: a segment has it; only as a black picture */
} ck_pieces;

/* Read the segments that belong to job `id`; unreadable ones are left out. */
ck_status ck_pieces_load(const char *out, const char *name, const char *id, const ck_shot *shot, ck_pieces *p,
                         ck_error *e);
void ck_pieces_free(ck_pieces *p);

/* The folder of a video's segments, owned; NULL when out of memory. */
char *ck_pieces_folder(const char *out, const char *name);
/* Remove that folder and its files, then OUT/.ck-segments if that is empty. */
void ck_pieces_remove(const char *out, const char *name);

/* Call `each` for every video that has segments.  Stops at the first failure. */
ck_status ck_pieces_videos(const char *out, ck_status (*each)(const char *name, void *arg, ck_error *e), void *arg,
                           ck_error *e);

#endif
