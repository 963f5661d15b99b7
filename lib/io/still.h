/* One still image from a file, whatever its format. */
#ifndef CK_IO_STILL_H
#define CK_IO_STILL_H

#include "stream/frame.h"

typedef enum ck_want {
    CK_WANT_RGB, /* 3 channels; grey is repeated, an alpha channel is dropped */
    CK_WANT_HINT /* 1 channel, u8 or f32; colour by luminance (0.2126 0.7152 0.0722 of the code values) */
} ck_want;

/* Read the file by its contents (PNG, EXR, else libav's image decoders) and add it to `f`
 * as plane `name`, in the sample type of the file (hints: see pick.h).  Nothing is clamped.  On
 * failure `f` has no plane of that name. */
ck_status ck_still_read(const char *path, ck_want want, const char *name, ck_frame *f, ck_error *e);

#endif
