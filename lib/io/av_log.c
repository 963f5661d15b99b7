#include "io/av_log.h"

#include <libavutil/log.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "io/av_load.h"

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

/* True if the message is about damage.  The H.264 and HEVC decoders also log errors about good frames, so only known
 * messages count.  With threads these are the only evidence: frames are marked after they were output. */
static bool about_damage(const char *fmt)
{
    static const char *const known[] = {
        "Missing reference picture",     "reference picture missing", "Could not find ref",
        "error while decoding MB",       "Invalid NAL unit size",     "missing picture in access unit",
        "concealing %d DC, %d AC, %d MV"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(fmt, known[i]))
            return true;
    return false;
}

static void keep(void *ctx, int level, const char *fmt, va_list ap)
{
    ck_av_messages *w = level <= AV_LOG_INFO ? listener(ctx) : NULL;
    if (!w)
        return;
    pthread_mutex_lock(&lock);
    w->damage |= about_damage(fmt);
    if (!*w->text && level <= AV_LOG_ERROR) {
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

bool ck_av_messages_damage(ck_av_messages *w)
{
    pthread_mutex_lock(&lock);
    bool damage = w->damage;
    pthread_mutex_unlock(&lock);
    return damage;
}

void ck_av_messages_clear(ck_av_messages *w)
{
    pthread_mutex_lock(&lock);
    *w->text = 0;
    w->damage = false;
    pthread_mutex_unlock(&lock);
}
