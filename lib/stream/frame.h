/* A frame: numbered, with metadata and named planes.
 *
 * Planes are planar (C,H,W), rows contiguous, no padding.  The data of a plane is a
 * reference-counted buffer, so passing a plane on or keeping it costs nothing.  A plane
 * that came from the stream may be shared and read-only: its data are const, and ck_frame_edit gives
 * a plane that may be written.  Data may lie in the upstream stage's memory: what is kept for longer
 * than its frame is copied. */
#ifndef CK_STREAM_FRAME_H
#define CK_STREAM_FRAME_H

#include <stdint.h>

#include "base/mem.h"
#include "stream/lease.h"
#include "stream/meta.h"

#define CK_MAX_PLANES 32
#define CK_MAX_SIDE 65536 /* pixels */
#define CK_MAX_CHANNELS 64
#define CK_PLANE_NAME 32 /* bytes with the NUL */
#define CK_PLANE_TAG 16  /* type and encoding, bytes with the NUL */

typedef enum ck_type { CK_OTHER = 0, CK_U8, CK_U16, CK_F16, CK_F32 } ck_type;

/* Bytes of an element; 0 for CK_OTHER. */
size_t ck_type_size(ck_type t);
const char *ck_type_name(ck_type t); /* "u8", "u16", "f16", "f32", "other" */

typedef struct ck_plane {
    char name[CK_PLANE_NAME];     /* [a-z0-9_.-]+ */
    char type_name[CK_PLANE_TAG]; /* as on the wire; may be one we do not know */
    char encoding[CK_PLANE_TAG];  /* "srgb", "linear", ..., "" where it means nothing */
    ck_type type;                 /* CK_OTHER: pass it through */
    uint32_t elem;                /* bytes of an element */
    int c, h, w;
    size_t bytes;     /* c*h*w*elem */
    const void *data; /* 64-byte aligned, inside buf */
    ck_buffer *buf;
} ck_plane;

typedef struct ck_frame {
    uint64_t seq; /* from 0 */
    ck_meta meta; /* pts, stem, number, error */
    ck_plane planes[CK_MAX_PLANES];
    int n;
    ck_lease *lease; /* where planes that are added go while there is room, NULL = private memory; owned */
    size_t asked;    /* bytes of the large planes that were added, wherever they went */
    void *job;       /* what an early callback of the same program hands to a later one; never on the wire */
    void (*job_free)(void *job);
} ck_frame; /* all zero = empty */

/* The plane of that name or NULL; it moves when planes are added or removed. */
ck_plane *ck_frame_plane(ck_frame *f, const char *name);

/* Advice for a stream that lacks a plane of that name: which program makes it. */
const char *ck_plane_remedy(const char *name);

/* As above, but a missing plane, another channel count (c > 0) or a type outside `allowed`
 * (bits 1<<CK_U8 …; 0 = the four known ones) is an error that names plane and remedy. */
ck_status ck_frame_need(ck_frame *f, const char *name, int c, unsigned allowed, ck_plane **out, ck_error *e);

/* Add a plane with undefined contents, replacing one of that name: *out stays valid until
 * the next add or remove.  The old plane's data live on only if somebody holds its buf.  ck_plane_data(*out) is where
 * its contents go. */
ck_status ck_frame_add(ck_frame *f, const char *name, ck_type type, int c, int h, int w, const char *encoding,
                       ck_plane **out, ck_error *e);
void ck_frame_remove(ck_frame *f, const char *name);

/* Add plane `name` with the data, type and size of plane `from`, which must be there, replacing one of that name.  No
 * sample is copied, and on the wire both refer to the same memory. */
ck_status ck_frame_share(ck_frame *f, const char *from, const char *name, ck_error *e);

/* The plane of that name, which must be there, with data that may be changed: itself if nobody else holds them, else a
 * copy that takes its place.  *out as for ck_frame_add. */
ck_status ck_frame_edit(ck_frame *f, const char *name, ck_plane **out, ck_error *e);

/* The data of a plane that ck_frame_add or ck_frame_edit has given, for writing. */
static inline void *ck_plane_data(const ck_plane *p)
{
    return p->buf->data;
}

/* Memory for a plane of the frame; NULL when out of memory. */
ck_buffer *ck_frame_buffer(ck_frame *f, size_t bytes);

/* The file's own number of the frame, else its place in the stream: for messages. */
long ck_frame_number(const ck_frame *f);

/* The error text of a frame that could not be made, or NULL. */
const char *ck_frame_error(const ck_frame *f);
/* An error frame's text with the frame's number before it, unless that is there. */
void ck_frame_error_line(const ck_frame *f, ck_error *line);
/* Turn the frame into one: planes dropped, text set. */
ck_status ck_frame_set_error(ck_frame *f, const char *text, ck_error *e);

void ck_frame_free(ck_frame *f); /* leaves it empty */

#endif
