/* Files in a folder that this run has not written. */
#ifndef CK_ENCODE_LEFTOVERS_H
#define CK_ENCODE_LEFTOVERS_H

#include "ck-encode/outputs.h"
#include "ck-encode/stems.h"

/* One line that names files of these outputs in another format, if an earlier run left any: this one will not replace
 * them. */
void ck_leftovers_other_formats(const ck_outputs *o, const char *out);

/* One line under --verbose: files written, replaced, and others that were there already. */
void ck_leftovers_log(const ck_output *o, const ck_stems *written);

#endif
