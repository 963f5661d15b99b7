/* Messages on stderr: "PROGRAM: text".  Only cmd/ and the frame loop call these. */
#ifndef CK_BASE_LOG_H
#define CK_BASE_LOG_H

#include <stdbool.h>

typedef enum ck_log_level {
    CK_LOG_QUIET, /* errors and warnings only: no notices, no progress */
    CK_LOG_NORMAL,
    CK_LOG_VERBOSE
} ck_log_level;

static inline ck_log_level ck_log_level_of(bool quiet, bool verbose)
{
    return quiet ? CK_LOG_QUIET : verbose ? CK_LOG_VERBOSE : CK_LOG_NORMAL;
}

/* Set the prefix of all messages; call before any other function here.  On a terminal the prefix and "warning" are
 * coloured, unless $NO_COLOR is set and not empty or $TERM is "dumb". */
void ck_log_init(const char *program, ck_log_level level);
const char *ck_log_program(void);
bool ck_log_verbose(void);
/* True if `fd` is a terminal that wants colour. */
bool ck_log_coloured(int fd);

/* One line each; control characters in file names are shown as \n, \t, \xNN.  Errors and warnings are events too
 * (ck(7), EVENTS). */
void ck_log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void ck_log_frame_error(long number, const char *text); /* an error of that frame, which `text` names */
void ck_log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* "warning: …": the program goes on */
void ck_log_notice(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* a choice that the program made */
void ck_log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));   /* only under --verbose */

/* Flush standard output.  The exit status: 0, or 1 after a message. */
int ck_log_flush_stdout(void);

/* Progress on a terminal: "PROGRAM: 12/240 frames, 8.1 frames/s, 0:28 left", as much of it as fits in a line, drawn
 * over itself, at most ten times a second. total 0 = unknown.  Silent if stderr is no terminal, or if $CK_PROGRESS_FD
 * asks for events instead. */
void ck_log_progress(long done, long total);
/* Event `frame`: the frame is finished.  Call after ck_log_progress. */
void ck_log_progress_frame(long number);
/* End the progress line. */
void ck_log_progress_end(void);
/* The line before the first frame, on a terminal only: "PROGRAM: 0/240 frames". */
void ck_log_progress_first(long total);

/* Event `segment`: frames first to last of a video are complete in a file of their own. */
void ck_log_event_segment(const char *video, long first, long last);

#endif
