#include "io/av_log.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/log.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static ck_av_messages *listener(void *ctx)
{
    const AVClass *class = ctx ? *(const AVClass *const *)ctx : NULL;
    if (!class || !class->class_name)
        return NULL;
    if (!strcmp(class->class_name, "AVFormatContext"))
        return ((AVFormatContext *)ctx)->opaque;
    return strcmp(class->class_name, "AVCodecContext") ? NULL : ((AVCodecContext *)ctx)->opaque;
}

/* H.264 and HEVC decoders report such a picture in words alone, and make up what it refers to. */
static bool about_references(const char *fmt)
{
    return strstr(fmt, "Missing reference picture") || strstr(fmt, "reference picture missing") ||
           strstr(fmt, "Could not find ref");
}

static void keep(void *ctx, int level, const char *fmt, va_list ap)
{
    ck_av_messages *w = level <= AV_LOG_ERROR ? listener(ctx) : NULL;
    if (!w)
        return;
    pthread_mutex_lock(&lock);
    w->unreferenced |= about_references(fmt);
    if (!*w->text) {
        vsnprintf(w->text, sizeof w->text, fmt, ap);
        w->text[strcspn(w->text, "\r\n")] = 0;
    }
    pthread_mutex_unlock(&lock);
}

void ck_av_log_install(void)
{
    av_log_set_callback(keep);
}

const char *ck_av_messages_why(ck_av_messages *w, char *buf, size_t n)
{
    pthread_mutex_lock(&lock);
    snprintf(buf, n, "%s%s", *w->text ? ": " : "", w->text);
    pthread_mutex_unlock(&lock);
    return buf;
}

bool ck_av_messages_said(ck_av_messages *w)
{
    pthread_mutex_lock(&lock);
    bool said = *w->text;
    pthread_mutex_unlock(&lock);
    return said;
}

bool ck_av_messages_unreferenced(ck_av_messages *w)
{
    pthread_mutex_lock(&lock);
    bool unreferenced = w->unreferenced;
    pthread_mutex_unlock(&lock);
    return unreferenced;
}

void ck_av_messages_clear(ck_av_messages *w)
{
    pthread_mutex_lock(&lock);
    *w->text = 0;
    w->unreferenced = false;
    pthread_mutex_unlock(&lock);
}
