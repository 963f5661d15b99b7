/* Properties that readers leave in a frame's metadata (io/still.h).  Those of the first frame go into HEAD, those of
 * the others are compared with it.  Notes and warnings for the user are printed, each kind once per source. */
#ifndef CK_DECODE_FACTS_H
#define CK_DECODE_FACTS_H

#include <stdatomic.h>

#include "ck-decode/options.h"
#include "stream/frame.h"

typedef struct ck_facts {
    ck_meta head; /* of HEAD: `transfer`, `primaries`, the source's, `sar` and `rate` */
    atomic_flag noted, warned, differed;
} ck_facts;

/* Put the first frame's properties into HEAD. */
ck_status ck_facts_start(ck_facts *t, const ck_frame *first, ck_meta *head, ck_error *e);

/* Print notes and warnings, and remove them from the frame's metadata.  Warnings about colour are dropped if
 * `overruled` by an option.  name: the frame's file.  Any thread. */
ck_status ck_facts_say(ck_facts *t, bool overruled, const char *name, ck_frame *f, ck_error *e);

/* For every frame of INPUT: ck_facts_say, then remove metadata that equal HEAD's.  Any thread. */
ck_status ck_facts_settle(ck_facts *t, bool overruled, const char *name, ck_frame *f, ck_error *e);

void ck_facts_free(ck_facts *t);

#endif
