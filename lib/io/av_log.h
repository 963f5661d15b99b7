/* libav's messages: not printed, but kept for error texts and as evidence of damage. */
#ifndef CK_IO_AV_LOG_H
#define CK_IO_AV_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* The first error line of a demuxer or decoder.  Point `opaque` of its AVFormatContext or AVCodecContext here; in the
 * whole program `opaque` must be NULL or such a pointer. */
typedef struct ck_av_messages {
    char text[256];
    bool damage;  /* a message of any level was about a damaged picture or missing references */
} ck_av_messages; /* all zero = no message */

/* Stop libav from printing.  Any thread, any number of times. */
void ck_av_log_install(void);

/* Writes ": MESSAGE" into buf, or "" without a message; returns buf.  Thread-safe: decoders log from their own
 * threads. */
const char *ck_av_messages_why(ck_av_messages *w, char *buf, size_t n);
/* True if an error line was logged since the last clear; ck_av_messages_damage: a message about damage. */
bool ck_av_messages_said(ck_av_messages *w);
bool ck_av_messages_damage(ck_av_messages *w);
void ck_av_messages_clear(ck_av_messages *w);

#endif
