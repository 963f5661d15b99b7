/* One plane as video: a file, or a stream on standard output. */
#ifndef CK_ENCODE_VIDEO_H
#define CK_ENCODE_VIDEO_H

#include "ck-encode/options.h"
#include "io/av_write.h"
#include "io/picture.h"

typedef struct ck_rate {
    int num, den;
} ck_rate;

/* Parse "25" or "30000/1001"; false if it is not a positive rate. */
bool ck_rate_parse(const char *text, ck_rate *out);

typedef struct ck_video_sink ck_video_sink;

typedef struct ck_video_sink_spec {
    ck_out_format format; /* CK_OUT_STREAM, or a video file's */
    ck_av_codec codec;    /* of a video file */
    const char *args;     /* for its encoder, or NULL; outlives the sink */
    const char *timecode; /* of the first frame, or NULL */
    const char *sound;    /* as in ck_av_spec; outlives the sink */
    double sound_start;
    ck_stream_format stream;   /* for CK_OUT_STREAM */
    int y4m_matrix, y4m_depth; /* as in the options */
    const char *path;          /* NULL for CK_OUT_STREAM */
    const char *primaries;     /* HEAD's name, or NULL: BT.709 */
    const char *transfer;      /* HEAD's name, or NULL: by the plane's encoding */
    const ck_delivery *to;     /* the file's colours, or NULL; outlives the sink */
    ck_rate rate;
    ck_rate sar; /* width of a pixel over its height */
    int threads;
    double timeout;
    const ck_meta *about; /* becomes the container's metadata; outlives the sink */
    bool segmented;       /* open no file: ck_video_sink_segment will */
} ck_video_sink_spec;

/* like: a plane with the size, type and encoding of all to come. */
ck_status ck_video_sink_open(ck_video_sink **out, const ck_video_sink_spec *spec, const ck_plane *like, ck_error *e);

/* Convert a plane; any thread. */
ck_status ck_video_sink_picture(const ck_video_sink *v, const ck_plane *p, ck_picture *out, ck_error *e);

/* Append a picture; NULL: a black one, for a frame that failed.  at: not used without timing. */
ck_status ck_video_sink_write(ck_video_sink *v, const ck_picture *p, const ck_av_stamp *at, ck_error *e);

/* Finish the segment that is open, and begin another one at `path`.  at: of its first frame, whose timecode is
 * `timecode`, or NULL. */
ck_status ck_video_sink_segment(ck_video_sink *v, const char *path, const char *job, const ck_av_stamp *at,
                                const char *timecode, ck_error *e);

/* False for y4m and rawvideo: their frames have no times of their own. */
bool ck_video_sink_timed(const ck_video_sink *v);

/* Bytes written so far; 0 for y4m and rawvideo. */
uint64_t ck_video_sink_bytes(const ck_video_sink *v);

ck_status ck_video_sink_finish(ck_video_sink *v, ck_error *e);
void ck_video_sink_free(ck_video_sink *v); /* an unfinished file is removed */

/* A sentence about sound that is not in the file, or "". */
const char *ck_video_sink_note(const ck_video_sink *v);

/* A description of the output: "H.264 yuv420p, 24/1 frames/s". */
const char *ck_video_sink_describe(const ck_video_sink *v);

#endif
