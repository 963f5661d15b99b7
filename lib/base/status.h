/* Status codes and the error text that goes with them.
 *
 * Every function that can fail returns a ck_status, 0 = ok, and writes one line
 * into the caller's ck_error.  Libraries never print and never exit. */
#ifndef CK_BASE_STATUS_H
#define CK_BASE_STATUS_H

#include <stdarg.h>

typedef enum ck_status {
    CK_OK = 0,
    CK_END,        /* no more frames; not an error */
    CK_ERR_IO,     /* a system call failed */
    CK_ERR_FULL,   /* the disk or the quota is full: what follows would fail too */
    CK_ERR_FORMAT, /* malformed data */
    CK_ERR_MEMORY,
    CK_ERR_ARGUMENT,    /* an option or argument that is not valid */
    CK_ERR_UNSUPPORTED, /* well-formed but not supported */
    CK_ERR_CLOSED,      /* our output has no reader any more (EPIPE) */
    CK_ERR_UPSTREAM,    /* an upstream stage failed; the text names the one that failed first */
    CK_ERR_STARVED,     /* no data came within --timeout */
    CK_ERR_BLOCKED      /* no data were taken within --timeout */
} ck_status;

typedef struct ck_error {
    char text[1024]; /* one line, no newline: "what went wrong: what to do" */
} ck_error;

/* Set the text and return `s`, so that callers can write `return ck_fail(...)`.  `e` may be NULL. */
ck_status ck_fail(ck_error *e, ck_status s, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As ck_fail with CK_ERR_IO (CK_ERR_CLOSED for EPIPE, CK_ERR_FULL for a full disk), ": strerror(errno)" appended. */
ck_status ck_fail_errno(ck_error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put "PREFIX: " before the text and return `s`: callers add the file's name on the way up. */
ck_status ck_fail_in(ck_error *e, ck_status s, const char *prefix);

#endif
