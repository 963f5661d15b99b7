/* A stage and the frame loop that runs it.  A program fills a ck_stage and its main is one line:
 *
 *     int main(int argc, char **argv) { return ck_stage_main(&stage, argc, argv); }
 *
 * Kinds.  A source has `produce` and reads nothing.  A sink writes no stream; `sink` decides this by the options. Every
 * other stage reads a stream on stdin and writes one on stdout.  Planes and metadata that a callback leaves alone are
 * passed on.
 *
 * Life of a run:
 *
 *     parse options
 *     check
 *     read HEAD and the first frame (not in a source)
 *     open                                main thread
 *     write HEAD (not in a sink), with this stage and its options appended to `program`
 *     for each frame:
 *         produce, or read from stdin     reading thread, in order
 *         admit                           reading thread, in order
 *         frame                           worker threads, in any order
 *         consume                         main thread, in order
 *         write to stdout (not in a sink) main thread, in order
 *     finish                              main thread; only if no failure ended the run
 *     write END, or ABORT after a failure
 *     failed                              main thread; only if a failure ended the run
 *     close                               main thread
 *
 * Threads.  The reading thread, the workers and the main thread run at the same time: `admit` may see frame 9 while
 * `frame` has 6 to 8 and `consume` has 5.  A frame is in one thread at a time.  `frame` must therefore treat the state
 * as constant or lock it.  Results must not depend on which worker takes a frame.  Workers: --threads, else all cores;
 * `threads` overrides both.  Frames in existence: workers + 2, or what `frames` says, so memory does not grow with the
 * clip.
 *
 * Order.  Frames arrive at `admit`, `consume` and stdout in sequence: f->seq is 0, 1, 2, ...  State that depends on
 * earlier frames belongs in `admit` (before the work) or `consume` (after it).
 *
 * Errors.  A callback returns a ck_status and writes one line into e: what is wrong and what to do.  The loop adds the
 * program, and for `admit` and `frame` of a stage that reads also the frame; it prints the line once.
 *
 *   - `admit` or `frame` fails: the run fails.  Under --keep-going the frame becomes an error frame instead: planes
 *     dropped, text in its metadata; the run goes on and ends with status 3.
 *   - `open`, `produce`, `consume` or `finish` fails: the run fails, --keep-going or not.
 *   - An error frame that is read is passed on.  `admit` and `frame` do not see it; `consume` does.
 *   - Upstream fails: the run fails, and ABORT names the program that failed first.  A failure that no program has
 *     printed is printed by the last program of this project in the pipeline.
 *   - stdout has no reader any more: the run ends without a message, and the process dies by SIGPIPE.
 *
 * A failed run has 0.2 s (a sink 0.8 s) to finish the frames in hand; of several failures the first in frame order
 * counts.  After that a watching thread reports the failure that came first, sends ABORT, removes unfinished files of
 * ck_outfile, and ends the process without `close`.  A signal ends it likewise, but at once and without ABORT.
 *
 * Exit status: 0 done, 1 failed, 2 wrong usage (CK_ERR_ARGUMENT), 3 done with error frames.
 *
 * Planes.  Data of planes that were read are const, and may lie in the upstream stage's memory.  Write only to planes
 * from ck_frame_add or ck_frame_edit.  From the second frame on, planes of 64 KiB and more lie in a ring shared with
 * the downstream stage, as far as its slot has room; the first frame's added planes decide the slot size.  So add the
 * same planes to every frame.
 *
 * Ownership.  The loop owns the frames: it frees them after the write, f->job included.  A callback keeps plane data by
 * a reference to their buffer, and copies what it keeps for longer than its frame.  *state belongs to the stage, which
 * frees it in `close`.  Options, arguments and head belong to the loop; options and arguments stay valid until `close`
 * has returned, head and first only during `open`. */
#ifndef CK_STREAM_STAGE_H
#define CK_STREAM_STAGE_H

#include "base/option.h"
#include "stream/stream.h"

/* Environment: every stage adds the milliseconds that it computed for a frame to the frame's metadata, as `ms.PROGRAM`.
 */
#define CK_FRAME_TIMES_ENV "CK_FRAME_TIMES"

typedef struct ck_stage {
    const ck_program *program;

    /* Check the arguments, before anything is read: CK_ERR_ARGUMENT.  NULL = any will do. */
    ck_status (*check)(const void *opts, const ck_list *args, ck_error *e);
    /* Before any frame.  `opts` is the program's option struct, args the arguments that remain.  `head` is upstream's
     * HEAD (empty in a source) and may be changed.  `first` is the first frame as read, for decisions by the actual
     * planes; it goes through `admit` and `frame` later.  NULL for an empty stream and in a source.  *state is passed
     * to the other callbacks.  NULL: the state is the option struct, and there is no `close`. */
    ck_status (*open)(const void *opts, const ck_list *args, ck_meta *head, ck_frame *first, void **state, ck_error *e);

    /* Sources only: fill f with metadata, and with planes or with what `frame` needs to make them (f->job).  CK_END
     * after the last frame. */
    ck_status (*produce)(void *state, ck_frame *f, ck_error *e);
    /* Unblock a `produce` that waits for input, once the run has failed elsewhere.  Called from other threads, maybe
     * more than once.  May be NULL. */
    void (*cancel)(void *state);
    /* Serial work before `frame`, in order: for decisions that depend on earlier frames.  May be NULL. */
    ck_status (*admit)(void *state, ck_frame *f, ck_error *e);
    /* Add or replace planes.  Several threads, one frame each.  May be NULL. */
    ck_status (*frame)(void *state, ck_frame *f, ck_error *e);
    /* Serial work after `frame`, in order, before the frame is written; in a sink this is the output.  Sees error
     * frames too.  May be NULL. */
    ck_status (*consume)(void *state, ck_frame *f, ck_error *e);
    /* After the last frame, before END: complete files, report sums.  Not called if the run has failed.  May be
     * NULL. */
    ck_status (*finish)(void *state, ck_error *e);
    /* After a failure that ended the run, before `close`: keep a note of it.  The loop reports it.  Not called if the
     * process must end at once.  May be NULL. */
    void (*failed)(void *state, const char *text);
    /* Release everything, remove unfinished files.  Called if `open` has set *state, even if it failed.  May be
     * NULL. */
    void (*close)(void *state);

    bool (*sink)(const void *opts);              /* true: the loop writes nothing on stdout; NULL = never */
    int (*threads)(const void *opts, int cores); /* workers for `frame`; NULL = --threads, else all cores */
    int (*frames)(const void *opts);             /* frames in existence; NULL or 0 = workers + 2 */
} ck_stage;

/* Workers of a stage without `threads`: --threads, else all cores.  As `frames`: no frame is read before a worker is
 * free, for stages whose frames are large and whose work takes much longer than handing them on. */
int ck_stage_workers(const void *opts);

/* Run the stage.  Returns the exit status. */
int ck_stage_main(const ck_stage *s, int argc, char **argv);

#endif
