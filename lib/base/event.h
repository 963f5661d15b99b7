/* Progress events: JSON objects, one per line, on the descriptor that $CK_PROGRESS_FD names (ck(7), EVENTS).
 *
 *     ck_event v;
 *     ck_event_begin(&v, "segment");      {"event":"segment"
 *     ck_event_text(&v, "video", path);   ,"video":"OUT/fg.mov"
 *     ck_event_int(&v, "first", 0);       ,"first":0
 *     ck_event_send(&v);                  } and a newline
 *
 * Several programs write to one descriptor: each line is one write(2) of at most PIPE_BUF bytes, which do not mix. */
#ifndef CK_BASE_EVENT_H
#define CK_BASE_EVENT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct ck_event {
    char line[PIPE_BUF];
    size_t n;
} ck_event;

/* True if events are wanted; false too once their reader is gone. */
bool ck_event_on(void);

void ck_event_begin(ck_event *v, const char *name);
void ck_event_int(ck_event *v, const char *key, long value);
void ck_event_real(ck_event *v, const char *key, double value); /* null unless finite */
void ck_event_null(ck_event *v, const char *key);
/* Bytes that are not UTF-8 become U+FFFD.  A long text is cut. */
void ck_event_text(ck_event *v, const char *key, const char *text);
void ck_event_texts(ck_event *v, const char *key, const char *const *texts, int n); /* an array */
/* Does nothing if events are not wanted. */
void ck_event_send(ck_event *v);

#endif
