#include "base/log.h"

#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/event.h"
#include "base/tally.h"

#define MOST 2048 /* bytes of a message */

static const char *program_name = "ck";
static char shot[256]; /* "SHOT: " from $CK_SHOT, set if `ck key --jobs` runs several shots side by side; or empty */
static ck_log_level log_level = CK_LOG_NORMAL;
static ck_tally *tally; /* NULL: frames are not counted */
static bool coloured;
static atomic_bool drawn; /* a progress line is on the terminal; any thread may end it */

const char *ck_log_program(void)
{
    return program_name;
}
bool ck_log_verbose(void)
{
    return log_level == CK_LOG_VERBOSE;
}

/* A file name may hold anything.  Escaped, it stays on one line and cannot command the terminal. */
static void escape(const char *in, char *out, size_t n)
{
    size_t o = 0;
    for (; *in && o + 5 < n; in++) {
        unsigned char c = (unsigned char)*in;
        if (c == '\n')
            o += (size_t)sprintf(out + o, "\\n");
        else if (c == '\t')
            o += (size_t)sprintf(out + o, "\\t");
        else if (c < 32 || c == 127)
            o += (size_t)sprintf(out + o, "\\x%02x", c);
        else
            out[o++] = (char)c;
    }
    out[o] = 0;
}

void ck_log_init(const char *program, ck_log_level level)
{
    const char *name = getenv("CK_SHOT");
    program_name = program;
    log_level = level;
    coloured = ck_log_coloured(STDERR_FILENO);
    if (name) {
        escape(name, shot, sizeof shot - 2);
        strcat(shot, ": ");
    }
    if (!tally)
        tally = ck_tally_inherited();
}

bool ck_log_coloured(int fd)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return !(no && *no) && term && strcmp(term, "dumb") != 0 && isatty(fd);
}

typedef enum severity { NOTICE, WARNING, FAILURE } severity;

/* One write(2) per line, so that lines of a pipeline's programs do not mix. */
static void say(severity how, const char *text)
{
    static const struct {
        const char *word, *colour;
    } as[] = {[NOTICE] = {"", "\033[2m"}, [WARNING] = {"warning: ", "\033[33m"}, [FAILURE] = {"", "\033[31m"}};
    char safe[4096], line[4600];
    escape(text, safe, sizeof safe);
    int n = snprintf(line, sizeof line, "%s%s%s%s: %s%s%s\n", atomic_exchange(&drawn, false) ? "\r\033[K" : "",
                     coloured ? as[how].colour : "", shot, program_name, as[how].word, coloured ? "\033[0m" : "", safe);
    if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
        return; /* stderr is gone: no place is left to report it */
}

/* frame: its number, or NULL. */
static void say_failed(const char *text, const long *frame)
{
    ck_event v;
    say(FAILURE, text);
    ck_event_begin(&v, "failed");
    ck_event_text(&v, "program", program_name);
    if (frame)
        ck_event_int(&v, "number", *frame);
    else
        ck_event_null(&v, "number");
    ck_event_text(&v, "text", text);
    ck_event_send(&v);
}

void ck_log_error(const char *fmt, ...)
{
    char text[MOST];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    say_failed(text, NULL);
}

void ck_log_frame_error(long number, const char *text)
{
    say_failed(text, &number);
    if (tally)
        atomic_fetch_add(&tally->failed, 1);
}

void ck_log_warning(const char *fmt, ...)
{
    char text[MOST];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    say(WARNING, text);
    ck_event v;
    ck_event_begin(&v, "warning");
    ck_event_text(&v, "program", program_name);
    ck_event_text(&v, "text", text);
    ck_event_send(&v);
}

void ck_log_notice(const char *fmt, ...)
{
    if (log_level == CK_LOG_QUIET)
        return;
    char text[MOST];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    say(NOTICE, text);
}

void ck_log_info(const char *fmt, ...)
{
    if (log_level != CK_LOG_VERBOSE)
        return;
    char text[MOST];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    say(NOTICE, text);
}

int ck_log_flush_stdout(void)
{
    if (!fflush(stdout) && !ferror(stdout))
        return 0;
    ck_log_error("cannot write to standard output");
    return 1;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct {
    long done, total;
    double start, last; /* seconds; last: time of the last display */
    bool terminal;
    bool begun, pending; /* pending: the newest figures have not been shown */
} progress;

/* Frames per second since the first one was finished; NAN if unknown. */
static double rate(double t)
{
    return progress.done > 1 && t > progress.start ? (double)(progress.done - 1) / (t - progress.start) : (double)NAN;
}

/* Seconds left; NAN if unknown. */
static double left(double t)
{
    return progress.total >= progress.done ? (double)(progress.total - progress.done) / rate(t) : (double)NAN;
}

/* Columns of the terminal less one: some terminals wrap when the last column is written. */
static size_t columns(void)
{
    struct winsize w;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) || w.ws_col < 2 ? 79 : (size_t)w.ws_col - 1;
}

/* Append to the line if the text fits whole: a wrapped line would not be overwritten by the next. */
__attribute__((format(printf, 3, 4))) static void add(char *line, size_t n, const char *fmt, ...)
{
    char text[64];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (strlen(line) + strlen(text) < n)
        strcat(line, text);
}

/* The most important figure first: the line is cut at the terminal's width. */
static void draw(double t)
{
    char text[160] = "", line[200];
    size_t n = columns() + 1;
    n = n < sizeof text ? n : sizeof text;
    snprintf(text, n, "%s: %ld", program_name, progress.done);
    if (progress.total > 0)
        add(text, n, "/%ld", progress.total);
    add(text, n, " frames");
    if (rate(t) > 0)
        add(text, n, ", %.1f frames/s", rate(t));
    if (left(t) > 0) {
        long seconds = lround(left(t));
        add(text, n, ", %ld:%02ld left", seconds / 60, seconds % 60);
    }
    int k = snprintf(line, sizeof line, "\r\033[K%s", text);
    drawn = write(STDERR_FILENO, line, (size_t)k) > 0;
}

/* Lines of shots that run side by side would overwrite each other. */
static bool wants_line(void)
{
    return log_level != CK_LOG_QUIET && !ck_event_on() && !*shot && isatty(STDERR_FILENO);
}

static void show(double t)
{
    if (progress.terminal)
        draw(t);
    progress.last = t;
    progress.pending = false;
}

void ck_log_progress_first(long total)
{
    progress.total = total;
    if (wants_line())
        draw(now());
}

void ck_log_progress(long done, long total)
{
    double t = now();
    if (!progress.begun) {
        progress.begun = true;
        progress.start = t;
        progress.terminal = wants_line();
    }
    progress.done = done;
    progress.total = total;
    progress.pending = true;
    if (t - progress.last >= 0.1)
        show(t);
}

void ck_log_progress_frame(long number)
{
    double t = now();
    ck_event v;
    ck_event_begin(&v, "frame");
    ck_event_int(&v, "number", number);
    ck_event_int(&v, "done", progress.done);
    ck_event_int(&v, "total", progress.total);
    ck_event_real(&v, "rate", rate(t));
    ck_event_real(&v, "left", left(t));
    ck_event_send(&v);
    if (tally)
        atomic_fetch_add(&tally->done, 1);
}

void ck_log_event_segment(const char *video, long first, long last)
{
    ck_event v;
    ck_event_begin(&v, "segment");
    ck_event_text(&v, "video", video);
    ck_event_int(&v, "first", first);
    ck_event_int(&v, "last", last);
    ck_event_send(&v);
}

void ck_log_progress_end(void)
{
    if (progress.pending)
        show(now());
    if (atomic_exchange(&drawn, false) && write(STDERR_FILENO, "\n", 1) < 0)
        return; /* stderr is gone */
}
