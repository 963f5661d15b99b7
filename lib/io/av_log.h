/* libav's messages: kept for our error texts, and as evidence of damage, instead of being printed. */
#ifndef CK_IO_AV_LOG_H
#define CK_IO_AV_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* The first error line of a demuxer or decoder.  It is whose `opaque` points here: AVFormatContext's or
 * AVCodecContext's, which must be NULL or one of these in the whole program. */
typedef struct ck_av_messages {
    char text[256];
    bool damage;  /* one of them, of any level, was about a damaged picture or one whose references are not there */
} ck_av_messages; /* all zero = no message */

/* From now on libav prints nothing.  Any number of times, from any thread. */
void ck_av_log_install(void);

/* ":  MESSAGE" into buf, or "" if there is none; returns buf.  Decoders may log from threads of their own. */
const char *ck_av_messages_why(ck_av_messages *w, char *buf, size_t n);
bool ck_av_messages_said(ck_av_messages *w);
bool ck_av_messages_damage(ck_av_messages *w);
void ck_av_messages_clear(ck_av_messages *w);

#endif
