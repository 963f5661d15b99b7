/* What pickle's opcodes are called, for messages. */
#ifndef CK_MODEL_PICKLE_NAMES_H
#define CK_MODEL_PICKLE_NAMES_H

#include <stddef.h>

const char *ck_pickle_opcode_name(unsigned char code); /* "REDUCE"; "unknown" */

#endif
