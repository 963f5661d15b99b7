/* Names of pickle opcodes, for messages. */
#ifndef CK_CHECKPOINT_PICKLE_NAMES_H
#define CK_CHECKPOINT_PICKLE_NAMES_H

#include <stddef.h>

const char *ck_pickle_opcode_name(unsigned char code); /* such as "REDUCE", or "unknown" */

#endif
