/* The parts of outputs.h: the plan of the command line (outputs_plan.c), several planes in one EXR (outputs_share.c),
 * names (outputs_name.c).  For cmd/ck-encode/outputs*.c only. */
#ifndef CK_ENCODE_OUTPUTS_INSIDE_H
#define CK_ENCODE_OUTPUTS_INSIDE_H

#include "ck-encode/outputs.h"

enum { CK_OUTPUT_WORD = sizeof CK_OUT_WORDS }; /* bytes: no word is longer than all of them */

/* The format's word of the command line. */
const char *ck_output_word(ck_out_format f, char buf[CK_OUTPUT_WORD]);

/* Chain the EXR outputs that are on.  Processed is the first, as the main R G B A. */
ck_status ck_outputs_share(ck_outputs *o, ck_error *e);

/* Find the names and folders of the outputs that are on; refuse names that two of them, or all frames, would share. */
ck_status ck_outputs_name(ck_outputs *o, const ck_outputs_run *run, const ck_frame *f, ck_error *e);

#endif
