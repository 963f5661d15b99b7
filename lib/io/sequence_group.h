/* Files whose names differ in the number alone belong together. */
#ifndef CK_IO_SEQUENCE_GROUP_H
#define CK_IO_SEQUENCE_GROUP_H

#include "io/sequence.h"

/* Set s->single.  In a folder, two sequences are an error that lists their patterns; s->numbered is known. */
ck_status ck_sequence_group(ck_sequence *s, bool folder, ck_error *e);

#endif
