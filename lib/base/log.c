#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static const char *program_name = "ck";
static bool is_verbose;
static atomic_bool drawn; /* a progress line is on the terminal; any thread may end it */

void ck_log_init(const char *program, bool verbose)
{
    program_name = program;
    is_verbose = verbose;
}

const char *ck_log_program(void)
{
    return program_name;
}
bool ck_log_verbose(void)
{
    return is_verbose;
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

/* One write(2) per line, so that lines of a pipeline's programs do not mix. */
static void say(const char *level, const char *fmt, va_list ap)
{
    char text[2048], safe[4096], line[4300];
    vsnprintf(text, sizeof text, fmt, ap);
    escape(text, safe, sizeof safe);
    int n = snprintf(line, sizeof line, "%s%s: %s%s\n", atomic_exchange(&drawn, false) ? "\r\033[K" : "", program_name,
                     level, safe);
    if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
        return; /* stderr is gone: no place is left to report it */
}

void ck_log_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
}

void ck_log_warning(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say("warning: ", fmt, ap);
    va_end(ap);
}

void ck_log_notice(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
}

void ck_log_info(const char *fmt, ...)
{
    if (!is_verbose)
        return;
    va_list ap;
    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
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

/* $CK_PROGRESS_FD: the descriptor for progress events, read by other programs; -1 = none. */
static int event_fd(void)
{
    const char *text = getenv("CK_PROGRESS_FD");
    char *end;
    long fd = text && *text ? strtol(text, &end, 10) : -1;
    return fd >= 0 && fd < 1024 && !*end ? (int)fd : -1;
}

static struct {
    long done, total;
    double start, last; /* seconds; last: time of the last display */
    int terminal, fd;
    bool begun, pending; /* pending: the newest figures have not been shown */
} progress;

static double rate(double t)
{
    return t > progress.start ? (double)progress.done / (t - progress.start) : 0;
}

static void write_event(double t)
{
    char line[200];
    int n = snprintf(line, sizeof line,
                     "{\"event\":\"progress\",\"program\":\"%s\",\"frames\":%ld,\"total\":%ld,\"seconds\":%.3f,"
                     "\"rate\":%.3f}\n",
                     program_name, progress.done, progress.total, t - progress.start, rate(t));
    if (write(progress.fd, line, (size_t)n) < 0)
        progress.fd = -1; /* the reader of events is gone */
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
    if (progress.begun)
        add(text, n, ", %.1f frames/s", rate(t));
    if (progress.begun && progress.total > progress.done && rate(t) > 0) {
        long left = (long)((double)(progress.total - progress.done) / rate(t) + 0.5);
        add(text, n, ", %ld:%02ld left", left / 60, left % 60);
    }
    int k = snprintf(line, sizeof line, "\r\033[K%s", text);
    drawn = write(STDERR_FILENO, line, (size_t)k) > 0;
}

static void show(double t)
{
    if (progress.fd >= 0)
        write_event(t);
    else if (progress.terminal)
        draw(t);
    progress.last = t;
    progress.pending = false;
}

void ck_log_progress_first(long total)
{
    progress.total = total;
    if (event_fd() < 0 && isatty(STDERR_FILENO))
        draw(now());
}

void ck_log_progress(long done, long total)
{
    double t = now();
    if (!progress.begun) {
        progress.begun = true;
        progress.start = t;
        progress.fd = event_fd();
        progress.terminal = isatty(STDERR_FILENO);
    }
    progress.done = done;
    progress.total = total;
    progress.pending = true;
    if (t - progress.last >= 0.1)
        show(t);
}

void ck_log_progress_end(void)
{
    if (progress.pending)
        show(now());
    if (atomic_exchange(&drawn, false) && write(STDERR_FILENO, "\n", 1) < 0)
        return; /* stderr is gone */
}
