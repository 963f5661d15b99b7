/* Messages on stderr: "PROGRAM: text".  Only cmd/ and the frame loop call these. */
#ifndef CK_BASE_LOG_H
#define CK_BASE_LOG_H

#include <stdbool.h>

/* Set the prefix of all messages; call before any other function here. */
void ck_log_init(const char *program, bool verbose);
const char *ck_log_program(void);
bool ck_log_verbose(void);

/* One line each; control characters in file names are shown as \n, \t, \xNN. */
void ck_log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void ck_log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* "warning: …": the program goes on */
void ck_log_notice(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* a choice that the program made */
void ck_log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));   /* only under --verbose */

/* Flush standard output.  The exit status: 0, or 1 after a message. */
int ck_log_flush_stdout(void);

/* Progress on a terminal: "PROGRAM: 12/240 frames, 8.1 frames/s, 0:28 left", as much of it as fits in a line, drawn
 * over itself, at most ten times a second. total 0 = unknown.  If $CK_PROGRESS_FD names a descriptor, events are
 * written there instead (ck(7), EVENTS). Silent if stderr is no terminal. */
void ck_log_progress(long done, long total);
/* End the progress line. */
void ck_log_progress_end(void);
/* The line before the first frame, on a terminal only: "PROGRAM: 0/240 frames". */
void ck_log_progress_first(long total);

#endif
