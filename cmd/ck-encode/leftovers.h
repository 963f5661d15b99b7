/* Files in a folder that this run has not written. */
#ifndef CK_ENCODE_LEFTOVERS_H
#define CK_ENCODE_LEFTOVERS_H

#include "ck-encode/outputs.h"
#include "ck-encode/stems.h"

/* Report, in one line, files that an earlier run wrote in another format for these outputs: they stay. */
void ck_leftovers_other_formats(const ck_outputs *o, const char *out);

/* Report, in one line, how many files were written, replaced and left in the folder.  For --verbose. */
void ck_leftovers_log(const ck_output *o, const ck_stems *written);

#endif
