#include "io/timecode.h"

#include <libavutil/timecode.h>
#include <stdio.h>

bool ck_timecode_add(const char *text, int rate_num, int rate_den, long frames, char out[CK_TIMECODE])
{
    AVTimecode t;
    char buf[AV_TIMECODE_STR_SIZE];
    if (rate_num < 1 || rate_den < 1 ||
        av_timecode_init_from_string(&t, (AVRational){rate_num, rate_den}, text, NULL) < 0)
        return false;
    /* Frames of a day: a drop-frame hour leaves out 2 numbers of 30, 4 of 60, in 54 of its 60 minutes. */
    bool drop = t.flags & AV_TIMECODE_FLAG_DROPFRAME;
    long day = 24L * (3600L * (long)t.fps - (drop ? 54L * 2 * ((long)t.fps / 30) : 0));
    long at = (t.start + frames % day + day) % day;
    t.flags |= AV_TIMECODE_FLAG_24HOURSMAX;
    t.start = 0;
    snprintf(out, CK_TIMECODE, "%s", av_timecode_make_string(&t, buf, (int)at));
    return true;
}
