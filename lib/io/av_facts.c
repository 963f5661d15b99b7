#include "io/av_facts.h"

#include <stdio.h>

#include "io/av_inside.h"

bool ck_av_has_sound(const ck_video *v, double *start)
{
    bool any = false;
    for (unsigned i = 0; i < v->fmt->nb_streams; i++)
        any |= v->fmt->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
    *start = isnan(v->queue.start) ? 0 : v->queue.start;
    return any;
}

/* The value of a key in the container, the video stream or the timecode's stream, or NULL. */
static const char *value(const ck_video *v, const char *key)
{
    const AVDictionaryEntry *found = av_dict_get(v->fmt->metadata, key, NULL, 0);
    if (!found)
        found = av_dict_get(v->st->metadata, key, NULL, 0);
    for (unsigned i = 0; i < v->fmt->nb_streams && !found; i++)
        if (v->fmt->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_DATA)
            found = av_dict_get(v->fmt->streams[i]->metadata, key, NULL, 0);
    return found && *found->value ? found->value : NULL;
}

ck_status ck_av_camera(const ck_video *v, const char *prefix, ck_meta *out, ck_error *e)
{
    /* No place, no name of a person. */
    static const char *const keys[] = {"make",
                                       "model",
                                       "creation_time",
                                       "reel_name",
                                       "com.apple.quicktime.make",
                                       "com.apple.quicktime.model",
                                       "com.apple.quicktime.creationdate",
                                       "com.apple.quicktime.camera.identifier",
                                       "com.apple.proapps.cameraname",
                                       "com.apple.proapps.reel"};
    ck_status s = CK_OK;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && s == CK_OK; i++) {
        char key[80];
        snprintf(key, sizeof key, "%s%s", prefix, keys[i]);
        const char *text = value(v, keys[i]);
        if (text)
            s = ck_meta_set(out, key, text, e);
    }
    return s;
}
