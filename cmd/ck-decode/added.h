/* A plane from a file of its own: a still for every frame, a sequence or a video.
 *
 *     ck_added_open -> ck_added_pair (in order, one thread) -> ck_added_frame (any thread) -> ck_added_close
 */
#ifndef CK_DECODE_ADDED_H
#define CK_DECODE_ADDED_H

#include <stdatomic.h>

#include "ck-decode/facts.h"
#include "ck-decode/form.h"
#include "ck-decode/source.h"

typedef struct ck_added {
    const ck_decode_options *opts;
    const char *name; /* of the plane; borrowed */
    const ck_form *form;
    ck_source source;
    ck_facts facts;
    atomic_flag told_channel;
    ck_plane plate; /* INPUT's size and encoding; its samples are not kept */
    ck_frame still; /* the plane of a single still, copied to all frames; empty for other files */
} ck_added;

/* pairs: as in ck_source_open.  `file` must outlive `a`.  A file that is used for every frame is added to HEAD's
 * `inputs`. */
ck_status ck_added_open(ck_added *a, const ck_decode_file *file, const ck_decode_options *o, const ck_plane *plate,
                        const ck_ranges *pairs, ck_meta *head, ck_error *e);

/* The item that belongs to INPUT's frame, empty for a still.  CK_ERR_FORMAT if the file has no such frame. */
ck_status ck_added_pair(ck_added *a, const ck_item *plate, ck_item *item, ck_error *e);

/* Add the plane to `f`. */
ck_status ck_added_frame(ck_added *a, const ck_item *item, ck_frame *f, ck_error *e);

void ck_added_cancel(ck_added *a); /* of a video: unblock ck_added_pair, from another thread */
void ck_added_close(ck_added *a);

#endif
