/* A source of frames: INPUT, or the file of another plane (--input); a video, a sequence or stills.
 *
 *     ck_source_open -> ck_source_next (in order, one thread) -> ck_source_read (any thread) -> ck_item_free
 */
#ifndef CK_DECODE_SOURCE_H
#define CK_DECODE_SOURCE_H

#include <stdatomic.h>

#include "ck-decode/light.h"
#include "io/av_facts.h"
#include "io/av_read.h"
#include "io/sequence.h"
#include "io/still.h"

typedef struct ck_source {
    const ck_decode_options *opts;
    const char *plane; /* plane that is made from it; "rgb" for INPUT; borrowed */
    const char *name;  /* as on the command line; borrowed */
    ck_sequence files; /* for stills */
    ck_video *video;   /* or NULL */
    ck_fields *fields; /* of the video */
    ck_fields_mode mode;
    bool single;    /* one still, named as such */
    bool listed;    /* several stills, named one by one */
    bool alpha;     /* its alpha channel may be needed */
    bool camera;    /* INPUT or clean plate: the options of colour apply */
    ck_light light; /* how its colours are decoded */
    ck_av_choice colour;
    ck_still_select select; /* of stills */
    int stream;             /* of a video, -1 = the best one */
    ck_missing missing;     /* --missing for INPUT, else CK_MISSING_ERROR */
    size_t next_file;
    const ck_ranges *pairs; /* while opening: see ck_source_open */
    /* Of a video: */
    ck_colour_tag labels; /* for pictures whose colour is not tagged */
    ck_ranges keep;
    long next_index;
    bool ended;
    ck_ranges absent; /* frames of --frames past its end; set when it has ended */
    int absent_range; /* the range of `absent` that comes next */
    long absent_index;
    struct AVFrame *last; /* the last good picture, kept for CK_MISSING_NEAREST */
    double last_pts;
    long last_index;
    atomic_bool combed; /* a frame that shows two moments was reported */
} ck_source;

/* A frame that is not read yet: its file or packet, and its number. */
typedef struct ck_item {
    const ck_sequence_file *file; /* borrowed from the source */
    ck_video_frame video;
    long index;  /* from 0, among all frames of the source */
    long number; /* the file's own, CK_NO_NUMBER = none */
    bool black;  /* the frame is missing, and black replaces it */
    bool absent; /* stands for all frames past the end; video.error lists them */
} ck_item;

/* Open the source of `plane`.  Only for "rgb", which is INPUT, do --frames, --missing and --stream apply.  pairs: for
 * another plane, the indices of INPUT's frames; borrowed, used here only.  primaries: of the stream, for another plane;
 * NULL: unknown. */
ck_status ck_source_open(const char *const *inputs, int n, const ck_decode_options *opts, const char *plane,
                         const ck_ranges *pairs, const char *primaries, ck_source *s, ck_error *e);

/* The indices of the frames that ck_source_next will give; the caller frees them. */
ck_status ck_source_indices(const ck_source *s, ck_ranges *out, ck_error *e);

/* The next frame that --frames selects; CK_END after the last.  If a video ends before the last selected frame, one
 * more item stands for all that are absent, unless --missing says otherwise. */
ck_status ck_source_next(ck_source *s, ck_item *item, ck_error *e);

/* The frame that belongs to frame `index`, `number` of INPUT: by number if both sources have numbers, else by index.
 * Call in ascending order, and not for a single still, which belongs to every frame.  CK_ERR_FORMAT if the source has
 * no such frame; `e` tells which it has. */
ck_status ck_source_pair(ck_source *s, long index, long number, ck_item *item, ck_error *e);

/* The file of an item, or of the whole source: for messages. */
const char *ck_source_name(const ck_source *s, const ck_item *item);

/* Read the picture of an item as plane `name`; all samples are finite, and colours are decoded as light.h says.
 * Messages name the file. */
ck_status ck_source_read(const ck_source *s, const ck_item *item, ck_want want, const char *name, ck_frame *f,
                         ck_error *e);

/* The declared number of a video's frames at the output (after deinterlacing); -1 if it is not declared. */
long ck_source_frames(const ck_source *s);

void ck_item_free(ck_item *item); /* leaves it empty */
void ck_source_close(ck_source *s);

#endif
