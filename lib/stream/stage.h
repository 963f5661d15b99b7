/* The frame loop that every program shares: options, HEAD, frames in parallel, statuses.
 *
 *     int main(int argc, char **argv) { return ck_stage_main(&stage, argc, argv); }
 *
 * Reads the stream on stdin (unless `produce` is set), writes one on stdout (unless `sink`),
 * passes error frames on, turns a failing frame into one under --keep-going, ends the
 * stream with END or ABORT and says on stderr what went wrong, once.
 *
 * The exit status: 0 done, 1 failed, 2 usage, 3 finished with error frames. */
#ifndef CK_STREAM_STAGE_H
#define CK_STREAM_STAGE_H

#include "base/option.h"
#include "stream/stream.h"

typedef struct ck_stage {
    const ck_program *program;

    /* Called once, before any frame; `opts` is the program's struct, args what is left on
     * the command line.  `head` is the upstream's (empty for a source) and may be changed;
     * `first` is the first frame without having been processed, NULL for an empty stream or
     * a source.  *state is handed to the rest. */
    ck_status (*open)(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state, ck_error *e);

    /* Sources: fill f (planes or what `frame` needs to make them; seq and meta), CK_END at
     * the end.  Serial. */
    ck_status (*produce)(void *state, ck_frame *f, ck_error *e);
    /* Unblock a `produce` that waits for input; called from another thread when the run has failed elsewhere.  May be
     * NULL. */
    void (*cancel)(void *state);
    /* Serial work before `frame`, in order, one frame at a time: for what frames must share, or must not.  A failure is
     * the frame's, as in `frame`.  May be NULL. */
    ck_status (*admit)(void *state, ck_frame *f, ck_error *e);
    /* Add or replace planes.  Called from several threads, one frame each.  May be NULL. */
    ck_status (*frame)(void *state, ck_frame *f, ck_error *e);
    /* In order, before the frame is written (or, in a sink, instead).  Sees error frames
     * too.  May be NULL. */
    ck_status (*consume)(void *state, ck_frame *f, ck_error *e);
    /* After the last frame of a good stream, before END is written: finish files.  May be NULL. */
    ck_status (*finish)(void *state, ck_error *e);
    /* Always, good or bad: release everything, remove unfinished files.  May be NULL. */
    void (*close)(void *state);

    bool (*sink)(const void *opts);              /* true: nothing is written on stdout by the loop; NULL = never */
    int (*threads)(const void *opts, int cores); /* workers for `frame`; NULL = --threads, else all cores */
    int (*frames)(const void *opts);             /* at once; NULL or 0 = workers + 2: reading and writing overlap */
} ck_stage;

int ck_stage_main(const ck_stage *s, int argc, char **argv);

#endif
