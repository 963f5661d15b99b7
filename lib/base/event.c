#include "base/event.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

#define RESERVE 256 /* bytes that a text leaves for what follows it */

static atomic_bool gone; /* a write has failed */

/* $CK_PROGRESS_FD; -1 = none. */
static int descriptor(void)
{
    const char *text = getenv("CK_PROGRESS_FD");
    char *end;
    long fd = text && *text ? strtol(text, &end, 10) : -1;
    return fd >= 0 && fd <= INT_MAX && !*end ? (int)fd : -1;
}

bool ck_event_on(void)
{
    return descriptor() >= 0 && !atomic_load(&gone);
}

/* Append text that needs no escapes.  Numbers and keys always fit into what ck_event_text reserves. */
__attribute__((format(printf, 2, 3))) static void put(ck_event *v, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(v->line + v->n, sizeof v->line - v->n, fmt, ap);
    va_end(ap);
    size_t left = sizeof v->line - v->n;
    v->n += n < 0 ? 0 : (size_t)n < left ? (size_t)n : left - 1;
}

/* Append the text as a JSON string. */
static void put_text(ck_event *v, const char *text)
{
    size_t n = strlen(text), len;
    put(v, "\"");
    for (; n && v->n + RESERVE < sizeof v->line; text += len, n -= len) {
        unsigned char c = (unsigned char)*text;
        size_t valid = ck_utf8_length((const uint8_t *)text, n);
        len = valid ? valid : 1;
        if (!valid)
            put(v, "\\ufffd");
        else if (c < 0x20 || c == 0x7f)
            put(v, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            put(v, "\\%c", c);
        else
            put(v, "%.*s", (int)len, text);
    }
    put(v, "\"");
}

void ck_event_begin(ck_event *v, const char *name)
{
    v->n = 0;
    put(v, "{\"event\":");
    put_text(v, name);
}

void ck_event_int(ck_event *v, const char *key, long value)
{
    put(v, ",\"%s\":%ld", key, value);
}

void ck_event_real(ck_event *v, const char *key, double value)
{
    if (isfinite(value))
        put(v, ",\"%s\":%.3f", key, value);
    else
        ck_event_null(v, key);
}

void ck_event_null(ck_event *v, const char *key)
{
    put(v, ",\"%s\":null", key);
}

void ck_event_text(ck_event *v, const char *key, const char *text)
{
    put(v, ",\"%s\":", key);
    put_text(v, text);
}

void ck_event_texts(ck_event *v, const char *key, const char *const *texts, int n)
{
    put(v, ",\"%s\":[", key);
    for (int i = 0; i < n; i++) {
        put(v, "%s", i ? "," : "");
        put_text(v, texts[i]);
    }
    put(v, "]");
}

void ck_event_send(ck_event *v)
{
    int fd = descriptor();
    ssize_t n;
    if (!ck_event_on())
        return;
    put(v, "}\n");
    while ((n = write(fd, v->line, v->n)) < 0 && (errno == EINTR || errno == EAGAIN))
        (void)poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1); /* the reader made it non-blocking */
    if (n < 0)
        atomic_store(&gone, true);
}
