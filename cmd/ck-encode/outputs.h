/* The outputs and their paths, from the command line and the planes of the first good frame. */
#ifndef CK_ENCODE_OUTPUTS_H
#define CK_ENCODE_OUTPUTS_H

#include "ck-encode/colours.h"
#include "ck-encode/options.h"
#include "ck-encode/video.h"
#include "io/timecode.h"
#include "shared/naming.h"
#include "stream/frame.h"

#define CK_MAIN_PLANE "processed" /* the R G B A of an EXR of layers or parts */

typedef struct ck_output {
    char plane[CK_PLANE_NAME]; /* "alpha" */
    char name[CK_PLANE_NAME];  /* of a video: "matte" */
    char layer[CK_PLANE_NAME]; /* of stills: "Matte" */
    char place[CK_PLANE_NAME]; /* {plane} of their names: the same, or "EXR" */
    ck_out_format format;
    bool asked; /* requested by an option, so that a missing plane is an error */

    /* From the first good frame: */
    bool on;                /* the stream has the plane, and it gets files or a stream of its own */
    struct ck_output *next; /* with layers and parts: the next plane in its files, which is not `on`; borrowed */
    ck_type type;
    int c, h, w;
    char *path;              /* OUT/Matte or OUT/matte.mov; NULL for a stream */
    const ck_naming *naming; /* of stills; borrowed, as `out` */
    const char *out;
    ck_meta about;  /* metadata of every file */
    bool converted; /* to the colour space `to` */
    ck_delivery to;
    ck_video_sink *video;            /* NULL for stills */
    long written, replaced, skipped; /* files; under the program's lock */
} ck_output;

typedef struct ck_outputs {
    ck_output *items; /* owned */
    int n;
    ck_naming naming;
} ck_outputs;

/* List the outputs of the command line.  Checks that OUT is given if files are written, that at most one output is a
 * stream, and that no two have the same path. */
ck_status ck_outputs_plan(ck_outputs *o, const ck_encode_options *opts, const char *out, ck_error *e);

/* Constants of a run. */
typedef struct ck_outputs_run {
    const ck_encode_options *opts;
    const char *out; /* folder, or NULL */
    ck_meta about;   /* metadata of every file of any plane */
    char *transfer;  /* HEAD's, or NULL; owned */
    char *source;    /* the same */
    long frames;     /* HEAD's, 0 = unknown */
    ck_colours colours;
    ck_rate rate;
    bool rated;                 /* true if the rate is from HEAD or --rate; false if it is a guess */
    ck_rate sar;                /* pixel aspect ratio of planes of the plate's size: HEAD's, else 1/1 */
    int plate_w, plate_h;       /* HEAD's, 0 = unknown */
    int threads;                /* of an encoder */
    bool segmented;             /* videos are written in segments */
    char timecode[CK_TIMECODE]; /* of the first frame of videos, or "" */
    ck_meta camera;             /* metadata of video files alone */
    char *sound;                /* file whose sound video files get, or NULL; owned */
    double sound_start;         /* the time of that file at which the shot begins */
} ck_outputs_run;

/* The name relative to OUT: "comp.mov", or "FG/STEM.exr"; owned, NULL when out of memory.  of: of stills. */
char *ck_output_name(const ck_output *o, const ck_still_name *of);

/* Match the outputs with a frame's planes; creates no file. */
ck_status ck_outputs_match(ck_outputs *o, const ck_outputs_run *run, ck_frame *f, ck_error *e);
/* Make folders, open videos. */
ck_status ck_outputs_start(ck_outputs *o, const ck_outputs_run *run, ck_frame *f, ck_error *e);

/* The colours that its files get; NULL: those of the plane. */
const ck_delivery *ck_output_delivery(const ck_output *o);

/* The plane for an output; an error if its type or shape differs from the first frame's. */
ck_status ck_output_plane(const ck_output *o, ck_frame *f, ck_plane **p, ck_error *e);

/* Remove the planes of a frame that no output writes, so that their slots return upstream. */
void ck_outputs_strip(const ck_outputs *o, ck_frame *f);

/* The file of a still; owned, NULL when out of memory. */
char *ck_output_file(const ck_output *o, const ck_still_name *of);

/* True if any output is video, a file or a stream; after ck_outputs_match. */
bool ck_outputs_video(const ck_outputs *o);

void ck_outputs_free(ck_outputs *o); /* unfinished videos are removed */

#endif
