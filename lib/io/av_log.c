#include "io/av_log.h"

#include <libavutil/log.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define LONGEST 256

/* Decoders have threads of their own, and stills are decoded in ours: the first error of each is kept. */
static _Thread_local char mine[LONGEST];
static char others[LONGEST];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void keep(void *ctx, int level, const char *fmt, va_list ap)
{
    (void)ctx;
    if (level > AV_LOG_ERROR)
        return;
    char text[LONGEST];
    vsnprintf(text, sizeof text, fmt, ap);
    text[strcspn(text, "\r\n")] = 0;
    if (!*mine)
        memcpy(mine, text, sizeof mine);
    pthread_mutex_lock(&lock);
    if (!*others)
        memcpy(others, text, sizeof others);
    pthread_mutex_unlock(&lock);
}

void ck_av_log_install(void)
{
    av_log_set_callback(keep);
}

void ck_av_log_clear(void)
{
    pthread_mutex_lock(&lock);
    *mine = *others = 0;
    pthread_mutex_unlock(&lock);
}

const char *ck_av_log_why(char *buf, size_t n)
{
    pthread_mutex_lock(&lock);
    const char *text = *mine ? mine : others;
    snprintf(buf, n, "%s%s", *text ? ": " : "", text);
    pthread_mutex_unlock(&lock);
    return buf;
}
