/* Facts that readers leave in a frame's metadata (io/still.h): of the first frame for HEAD, of the others compared
 * with it.  Sentences for the user are printed, each kind once a source. */
#ifndef CK_DECODE_FACTS_H
#define CK_DECODE_FACTS_H

#include <stdatomic.h>

#include "ck-decode/options.h"
#include "stream/frame.h"

typedef struct ck_facts {
    ck_meta head; /* `transfer`, `primaries`, `sar` and `rate` of HEAD */
    atomic_flag noted, warned, differed;
} ck_facts;

/* The first frame's, into HEAD.  --linear and --srgb overrule its `transfer`. */
ck_status ck_facts_start(ck_facts *t, const ck_decode_options *o, const ck_frame *first, ck_meta *head, ck_error *e);

/* Print the sentences for the user and remove them from the frame's metadata; warnings about colour unless `overruled`.
 * name: its file.  Any thread. */
ck_status ck_facts_say(ck_facts *t, bool overruled, const char *name, ck_frame *f, ck_error *e);

/* Of every frame of INPUT: the same; and remove from its metadata what HEAD says too.  Any thread. */
ck_status ck_facts_settle(ck_facts *t, const ck_decode_options *o, const char *name, ck_frame *f, ck_error *e);

void ck_facts_free(ck_facts *t);

#endif
