/* A frame: a sequence number, metadata and named planes.
 *
 * A plane is [C, H, W] in one of ck_type, rows contiguous, no padding.  Its data are a reference-counted buffer, so
 * passing a plane on or keeping it copies nothing.  Planes read from the stream may be shared and read-only: their data
 * are const; ck_frame_edit gives a plane that may be written.  Data may lie in the upstream stage's ring: copy what is
 * kept longer than its frame, or the upstream stage runs out of slots.
 *
 * A frame belongs to one thread at a time. */
#ifndef CK_STREAM_FRAME_H
#define CK_STREAM_FRAME_H

#include <stdint.h>

#include "base/mem.h"
#include "stream/meta.h"

#define CK_MAX_PLANES 32
#define CK_MAX_SIDE 65536 /* pixels */
#define CK_MAX_CHANNELS 64
#define CK_PLANE_NAME 32 /* bytes including the NUL */
#define CK_PLANE_TAG 16  /* bytes of type and encoding, each including the NUL */

typedef struct ck_lease ck_lease; /* lease.h, which no stage needs */

typedef enum ck_type { CK_OTHER = 0, CK_U8, CK_U16, CK_F16, CK_F32 } ck_type;

/* Bytes per element; 0 for CK_OTHER. */
size_t ck_type_size(ck_type t);
const char *ck_type_name(ck_type t); /* "u8", "u16", "f16", "f32", "other" */

typedef struct ck_plane {
    char name[CK_PLANE_NAME];     /* [a-z0-9_.-]+ */
    char type_name[CK_PLANE_TAG]; /* as on the wire; may be unknown */
    char encoding[CK_PLANE_TAG];  /* "srgb", "linear", ...; "" if none applies */
    ck_type type;                 /* CK_OTHER: unknown type, pass through */
    uint32_t elem;                /* bytes per element */
    bool finite;                  /* the reader of its file found no NaN or infinity; ck_frame_edit takes it back */
    int c, h, w;
    size_t bytes;     /* c*h*w*elem */
    const void *data; /* 64-byte aligned, inside buf; read-only */
    ck_buffer *buf;
} ck_plane;

typedef struct ck_frame {
    uint64_t seq; /* from 0 */
    ck_meta meta; /* keys pts, stem, number, error, ... */
    ck_plane planes[CK_MAX_PLANES];
    int n;
    ck_lease *lease; /* ring slot for added planes while it has room; NULL = private memory; owned */
    size_t asked;    /* bytes of all planes of 64 KiB and more that were added, in the slot or not */
    uint64_t spent;  /* microseconds of computing in this stage; never on the wire */
    void *job;       /* private data from one callback of a stage to a later one; never on the wire */
    void (*job_free)(void *job);
} ck_frame; /* all zero = an empty frame */

/* The plane of that name, or NULL.  The pointer is invalid after planes are added or removed. */
ck_plane *ck_frame_plane(ck_frame *f, const char *name);

/* Advice for a stream without that plane: the program that makes it. */
const char *ck_plane_remedy(const char *name);

/* The plane of that name, with checks.  An error, with plane and remedy in its text, if the plane is missing, has
 * another channel count than c (0 = any), or has a type outside `allowed` (bits 1 << CK_U8 ...; 0 = u8, u16, f16,
 * f32). */
ck_status ck_frame_need(ck_frame *f, const char *name, int c, unsigned allowed, ck_plane **out, ck_error *e);

/* Add a plane with undefined contents, replacing one of that name.  Fill ck_plane_data(*out).  *out is valid until the
 * next add or remove.  A replaced plane's data stay valid only for holders of its buf. */
ck_status ck_frame_add(ck_frame *f, const char *name, ck_type type, int c, int h, int w, const char *encoding,
                       ck_plane **out, ck_error *e);
void ck_frame_remove(ck_frame *f, const char *name);

/* Add plane `name` with the data, type and size of plane `from`, which must exist, replacing one of that name.  Nothing
 * is copied; on the wire both refer to the same memory. */
ck_status ck_frame_share(ck_frame *f, const char *from, const char *name, ck_error *e);

/* The plane of that name, which must exist, with writable data.  If the data are shared or read-only, a copy takes
 * their place.  *out is valid until the next add or remove. */
ck_status ck_frame_edit(ck_frame *f, const char *name, ck_plane **out, ck_error *e);

/* Writable data of a plane from ck_frame_add or ck_frame_edit. */
static inline void *ck_plane_data(const ck_plane *p)
{
    return p->buf->data;
}

/* A buffer for a plane of the frame: in its slot if there is room, else private.  NULL when out of memory. */
ck_buffer *ck_frame_buffer(ck_frame *f, size_t bytes);

/* The frame's number for messages: the file's own if known, else seq. */
long ck_frame_number(const ck_frame *f);

/* The error text of an error frame; NULL for a good frame. */
const char *ck_frame_error(const ck_frame *f);
/* An error frame's text, preceded by "frame N: " unless it begins with "frame". */
void ck_frame_error_line(const ck_frame *f, ck_error *line);
/* Turn the frame into an error frame: planes dropped, text set. */
ck_status ck_frame_set_error(ck_frame *f, const char *text, ck_error *e);

void ck_frame_free(ck_frame *f); /* leaves it empty */

#endif
