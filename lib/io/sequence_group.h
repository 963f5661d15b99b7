/* Grouping of files whose names differ only in the number. */
#ifndef CK_IO_SEQUENCE_GROUP_H
#define CK_IO_SEQUENCE_GROUP_H

#include "io/sequence.h"

/* Set s->single; s->numbered must be set.  In a folder, two sequences are an error that lists their patterns. */
ck_status ck_sequence_group(ck_sequence *s, bool folder, ck_error *e);

#endif
