/* Timecode arithmetic: HH:MM:SS:FF, or HH:MM:SS;FF for drop frames. */
#ifndef CK_IO_TIMECODE_H
#define CK_IO_TIMECODE_H

#include <stdbool.h>

#define CK_TIMECODE 24 /* bytes of a text */

/* The timecode that many frames later (earlier if negative), within a day.  False if `text` is no timecode at that
 * rate. */
bool ck_timecode_add(const char *text, int rate_num, int rate_den, long frames, char out[CK_TIMECODE]);

#endif
