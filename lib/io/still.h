/* One still image from a file, whatever its format. */
#ifndef CK_IO_STILL_H
#define CK_IO_STILL_H

#include "stream/frame.h"

/* CK_WANT_RGB gives 3 channels: grey is repeated, an alpha channel dropped.  CK_WANT_ALL gives those of the file: grey
 * or RGB, alpha last.  All others, masks, give one channel, u8 or f32. */
typedef enum ck_want {
    CK_WANT_RGB,
    CK_WANT_ALL,
    CK_WANT_HINT, /* alpha where it varies, else luminance */
    CK_WANT_LUMA, /* 0.2126 0.7152 0.0722 of the code values */
    CK_WANT_RED,  /* of a grey picture: the grey */
    CK_WANT_GREEN,
    CK_WANT_BLUE,
    CK_WANT_ALPHA /* CK_ERR_FORMAT where the picture has none */
} ck_want;

static inline bool ck_want_is_mask(ck_want want)
{
    return want >= CK_WANT_HINT;
}

#define CK_HINT_CHANNELS "auto|luma|red|green|blue|alpha" /* for an option table; choice i is CK_WANT_HINT + i */

/* Read the file by its contents (PNG, EXR, TIFF, else libav's image decoders) and add it to `f`
 * as plane `name`, in the sample type of the file (masks: see pick.h).  Nothing is clamped.  On
 * failure `f` has no plane of that name.
 *
 * Facts about the picture go into f->meta.  Unless it is a mask: `transfer` and `primaries` where the file states them,
 * `sar`, `rate`, `timecode`, all as in ck-frame(5).  Masks: `hint-channel`, the channel that was taken.
 * Sentences for the user, which the caller removes from f->meta and prints: CK_STILL_NOTE (under --verbose) and
 * CK_STILL_WARNING (always). */
#define CK_STILL_NOTE "note"
#define CK_STILL_WARNING "warning"
ck_status ck_still_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e);

#endif
