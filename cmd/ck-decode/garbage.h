/* --plate-alpha: INPUT's own alpha as the plane `garbage`. */
#ifndef CK_DECODE_GARBAGE_H
#define CK_DECODE_GARBAGE_H

#include "ck-decode/source.h"

/* Add `garbage` (1,h,w), u8 or f32: 1 - alpha.  It is 0 where INPUT is opaque, and 0 in a black frame of --missing.
 * CK_ERR_FORMAT if INPUT has no alpha. */
ck_status ck_garbage_add(const ck_source *plate, const ck_item *item, ck_frame *f, ck_error *e);

#endif
