/* INPUT or a file beside it, wherever its frames come from.
 *
 *     ck_source_open -> ck_source_next (in order, one thread) -> ck_source_read (any thread) -> ck_item_free
 */
#ifndef CK_DECODE_SOURCE_H
#define CK_DECODE_SOURCE_H

#include "ck-decode/options.h"
#include "io/av_read.h"
#include "io/sequence.h"
#include "io/still.h"

typedef struct ck_source {
    const ck_decode_options *opts;
    const char *plane; /* what its pictures become; "rgb": it is INPUT; borrowed */
    const char *name;  /* as on the command line; borrowed */
    ck_sequence files; /* for stills */
    ck_video *video;   /* or NULL */
    bool single;       /* one still, named as such */
    bool alpha;        /* its alpha may be wanted */
    bool camera;       /* INPUT and its clean plate: --linear, --srgb and `colour` are about these */
    ck_av_choice colour;
    int stream;         /* of a video, -1 = the best one */
    ck_missing missing; /* what becomes of frames that do not exist; CK_MISSING_ERROR unless it is INPUT */
    size_t next_file;
    /* Of a video: */
    ck_ranges keep;
    long next_index;
    bool ended;
    ck_ranges absent; /* frames past its end that were asked for, once it has ended */
    int absent_range; /* the next of them */
    long absent_index;
    struct AVFrame *last; /* the last good picture, kept for CK_MISSING_NEAREST */
    double last_pts;
    long last_index;
} ck_source;

/* One frame to be: where it is and what it is called. */
typedef struct ck_item {
    const ck_sequence_file *file; /* borrowed from the source */
    ck_video_frame video;
    long index;  /* from 0, among all frames of the source */
    long number; /* the file's own, CK_NO_NUMBER = none */
    bool black;  /* there is no such picture: black stands in for it */
    bool absent; /* not even that: video.error says which frames do not exist */
} ck_item;

/* plane "rgb" is for INPUT: --frames, --missing and --stream apply; other files go where INPUT goes. */
ck_status ck_source_open(const char *const *inputs, int n, const ck_decode_options *opts, const char *plane,
                         ck_source *s, ck_error *e);

/* The next frame chosen.  CK_END after the last; before it, one item for all frames that a video turned out not to
 * have, unless --missing says otherwise. */
ck_status ck_source_next(ck_source *s, ck_item *item, ck_error *e);

/* The frame that goes with frame `index`, `number` of another source: by number where both have one, else by place.
 * A single still goes with every frame and is not asked for here.  Must be asked for in ascending order.  CK_ERR_FORMAT
 * if it has no such frame; `e` tells which it has. */
ck_status ck_source_pair(ck_source *s, long index, long number, ck_item *item, ck_error *e);

/* The file of an item, or of the whole source: for messages. */
const char *ck_source_name(const ck_source *s, const ck_item *item);

/* The picture of an item as plane `name`, all its samples finite: texts name the file. */
ck_status ck_source_read(const ck_source *s, const ck_item *item, ck_want want, const char *name, ck_frame *f,
                         ck_error *e);

void ck_item_free(ck_item *item); /* leaves it empty */
void ck_source_close(ck_source *s);

#endif
