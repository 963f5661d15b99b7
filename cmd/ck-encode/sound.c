#include "ck-encode/sound.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/av_sound.h"
#include "shared/inputs.h"

/* Use a file; fails if it has no sound. */
static ck_status use(ck_outputs_run *run, const char *path, double start, ck_error *e)
{
    ck_av_sound *probe;
    ck_status s = ck_av_sound_open(path, &probe, e);
    ck_av_sound_free(probe);
    if (s != CK_OK)
        return s;
    run->sound_start = start;
    /* Segments of a job are joined by a program that may run elsewhere. */
    run->sound = realpath(path, NULL);
    return run->sound ? CK_OK : ck_fail_errno(e, "%s: cannot find", path);
}

/* True if --rate changes the rate, so that sound would not fit. */
static bool retimed(const ck_outputs_run *run, const ck_meta *head)
{
    const char *given = ck_meta_get(head, "rate");
    ck_rate r;
    return strcmp(run->opts->rate, "auto") && given && ck_rate_parse(given, &r) &&
           (long)r.num * run->rate.den != (long)run->rate.num * r.den;
}

ck_status ck_sound_choose(ck_outputs_run *run, const ck_meta *head, ck_error *e)
{
    const char *asked = run->opts->audio, *own = ck_meta_get(head, CK_SOUND),
               *start = ck_meta_get(head, CK_SOUND_START);
    if (asked && !strcmp(asked, CK_AUDIO_OFF))
        return CK_OK;
    if (asked) {
        ck_status s = use(run, asked, 0, e);
        return s == CK_OK ? s : ck_fail_in(e, s == CK_ERR_ARGUMENT ? CK_ERR_FORMAT : s, "--audio");
    }
    if (!own)
        return CK_OK;
    if (retimed(run, head)) {
        ck_log_notice("sound is left out, since --rate changes the speed: give --audio FILE");
        return CK_OK;
    }
    if (!ck_inputs_local(head) || !ck_inputs_have(head, own)) {
        ck_log_notice("sound is left out: %s is not on this machine: give --audio FILE", own);
        return CK_OK;
    }
    return use(run, own, start ? strtod(start, NULL) : 0, e);
}
