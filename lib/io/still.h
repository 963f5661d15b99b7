/* One still image from a file of any supported format. */
#ifndef CK_IO_STILL_H
#define CK_IO_STILL_H

#include "stream/frame.h"

/* CK_WANT_RGB: 3 channels; grey is repeated, alpha dropped.  CK_WANT_ALL: the file's channels, grey or RGB, alpha last.
 * All others are masks: one channel, u8 or f32. */
typedef enum ck_want {
    CK_WANT_RGB,
    CK_WANT_ALL,
    CK_WANT_HINT, /* alpha if it varies, else luminance */
    CK_WANT_LUMA, /* 0.2126 R + 0.7152 G + 0.0722 B of the codes */
    CK_WANT_RED,  /* grey pictures: the grey */
    CK_WANT_GREEN,
    CK_WANT_BLUE,
    CK_WANT_ALPHA /* CK_ERR_FORMAT without alpha */
} ck_want;

static inline bool ck_want_is_mask(ck_want want)
{
    return want >= CK_WANT_HINT;
}

#define CK_HINT_CHANNELS "auto|luma|red|green|blue|alpha" /* for an option table; choice i is CK_WANT_HINT + i */

/* A picture of several in one file; OpenEXR only. */
typedef struct ck_still_select {
    const char *layer; /* "ViewLayer.Combined"; NULL: the obvious one */
    const char *part;  /* number from 0, or name; NULL: the obvious one */
    int threads;       /* most threads that decode at once in the process; at least 1 */
} ck_still_select;

/* Read a file, recognised by its contents (PNG, EXR, TIFF, else libav's decoders), and add it to `f` as plane `name` in
 * the file's sample type (masks: see pick.h).  Nothing is clamped.  After a failure `f` has no plane of that name.
 *
 * Sets in f->meta, except for masks, as in ck-frame(5): `transfer` and `primaries` if the file states them, `sar`,
 * `rate`, `timecode`.  For masks: `hint-channel`, the channel used.  Also sentences for the user, which the caller
 * removes and prints: CK_STILL_NOTE (under --verbose) and CK_STILL_WARNING (always). */
#define CK_STILL_NOTE "note"
#define CK_STILL_WARNING "warning"
ck_status ck_still_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e);

#endif
