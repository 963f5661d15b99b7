#include "io/av_facts.h"

#include <stdio.h>
#include <string.h>

#include "colour/curve.h"
#include "io/av_colour.h"
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

void ck_av_labels(const ck_video *v, ck_colour_tag *out)
{
    *out = (ck_colour_tag){0};
    snprintf(out->encoding, sizeof out->encoding, "%s", ck_av_encoding(v->info.first));
    ck_colour_tag_labels(out, value(v, "ck:transfer"), value(v, "ck:primaries"));
}

/* True if the label names a curve that cannot be what the tag says.  Displays' curves are one to ck. */
static bool contradicts(const char *label, int code)
{
    ck_curve a, b;
    return ck_curve_named(label, &a) && ck_curve_of_h273(code, &b) && !ck_curve_same(&a, &b) &&
           !(ck_curve_display(&a) && ck_curve_display(&b));
}

ck_status ck_av_tag_frame(const AVFrame *av, const ck_colour_tag *labels, const char *plane, ck_frame *f, ck_error *e)
{
    const char *transfer = ck_av_tag_transfer(av), *primaries = ck_av_tag_primaries(av);
    ck_plane *p = ck_frame_plane(f, plane);
    ck_colour_tag tag = *labels;
    if (transfer) {
        *tag.warning = 0;
        if (contradicts(labels->transfer, av->color_trc))
            snprintf(tag.warning, sizeof tag.warning,
                     "ck:transfer is %s, but the codec says %s, which is used: --transfer overrides it",
                     labels->transfer, transfer);
        snprintf(tag.transfer, sizeof tag.transfer, "%s", transfer);
    } else if (*tag.transfer) {
        memcpy(p->encoding, tag.encoding, sizeof p->encoding);
    }
    if (primaries)
        snprintf(tag.primaries, sizeof tag.primaries, "%s", primaries);
    return ck_colour_tag_set(&tag, f, e);
}
