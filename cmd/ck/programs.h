/* The list of all programs except ck itself. */
#ifndef CK_CK_PROGRAMS_H
#define CK_CK_PROGRAMS_H

#include "base/option.h"

extern const ck_program *const ck_programs[]; /* NULL at the end */

#endif
