/* Prevents a run from replacing its own input, another run's frames, or files that --existing keeps.
 *
 *     ck_guard_init     from HEAD
 *     ck_guard_start    when the outputs are known, before a file is created
 *     ck_guard_frame    before a frame's files are written, in order */
#ifndef CK_ENCODE_GUARD_H
#define CK_ENCODE_GUARD_H

#include "shared/lock.h"
#include "ck-encode/outputs.h"

typedef struct ck_guard {
    ck_meta head;      /* copy of HEAD */
    bool local;        /* HEAD was made on this machine, so that its file identities are valid */
    ck_ranges numbers; /* of the frames to come, if HEAD has them; n 0 = unknown */
    bool all;          /* every frame is locked */
    bool segmented;    /* videos are written in segments, so other runs may write theirs at the same time */
    ck_lock lock;
    ck_existing existing;
    const char *out; /* borrowed, or NULL */
} ck_guard;

ck_status ck_guard_init(ck_guard *g, const ck_meta *head, const char *out, ck_existing existing, bool segmented,
                        ck_error *e);

/* With --existing skip, outputs whose video exists are turned off.  Leftover files of another format are reported. */
ck_status ck_guard_start(ck_guard *g, ck_outputs *o, const ck_frame *f, ck_error *e);

/* name: of the frame's stills, or NULL. */
ck_status ck_guard_frame(ck_guard *g, const ck_outputs *o, const ck_frame *f, const ck_still_name *name, ck_error *e);

/* Report how many files were replaced or skipped. */
void ck_guard_log(const ck_guard *g, const ck_outputs *o);

void ck_guard_free(ck_guard *g);

#endif
