#include "base/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void format(ck_error *e, const char *fmt, va_list ap)
{
    if (e)
        vsnprintf(e->text, sizeof e->text, fmt, ap);
}

ck_status ck_fail(ck_error *e, ck_status s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    format(e, fmt, ap);
    va_end(ap);
    return s;
}

ck_status ck_fail_errno(ck_error *e, const char *fmt, ...)
{
    int err = errno;
    va_list ap;
    va_start(ap, fmt);
    format(e, fmt, ap);
    va_end(ap);
    if (e) {
        size_t n = strlen(e->text);
        snprintf(e->text + n, sizeof e->text - n, ": %s", strerror(err));
    }
    switch (err) {
    case EPIPE:
        return CK_ERR_CLOSED;
    case ENOMEM:
        return CK_ERR_MEMORY;
    case ENOSPC:
    case EDQUOT:
        return CK_ERR_FULL;
    default:
        return CK_ERR_IO;
    }
}

ck_status ck_fail_in(ck_error *e, ck_status s, const char *prefix)
{
    if (!e)
        return s;
    /* A long name is cut at its start, to keep its end and leave room for the error. */
    size_t n = strlen(prefix), most = sizeof e->text / 2;
    const char *name = n > most ? prefix + n - most : prefix;
    char line[2 * sizeof e->text];
    int len = snprintf(line, sizeof line, "%s%s: %s", n > most ? "..." : "", name, e->text);
    if (len >= (int)sizeof e->text)
        line[sizeof e->text - 1] = 0;
    memcpy(e->text, line, strlen(line) + 1);
    return s;
}
