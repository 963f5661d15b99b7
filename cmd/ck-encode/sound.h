/* The sound of video files: the file that it is copied from. */
#ifndef CK_ENCODE_SOUND_H
#define CK_ENCODE_SOUND_H

#include "ck-encode/outputs.h"

/* Set run->sound and run->sound_start by --audio and HEAD, once the rate is known. */
ck_status ck_sound_choose(ck_outputs_run *run, const ck_meta *head, ck_error *e);

#endif
