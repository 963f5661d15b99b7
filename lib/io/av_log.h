/* libav's own words: kept for our error texts instead of printed. */
#ifndef CK_IO_AV_LOG_H
#define CK_IO_AV_LOG_H

#include <stddef.h>

/* From now on libav prints nothing.  Any number of times, from any thread. */
void ck_av_log_install(void);

/* Forget what was said so far, in this thread and by libav's own threads. */
void ck_av_log_clear(void);

/* ": libav's first error line since then" or "", preferring this thread's; returns buf. */
const char *ck_av_log_why(char *buf, size_t n);

#endif
