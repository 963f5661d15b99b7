/* The size of a still, from its header alone. */
#ifndef CK_IO_SIZE_H
#define CK_IO_SIZE_H

#include "base/option.h"

/* Width and height in pixels of what ck_still_read would give. */
ck_status ck_still_size(const char *path, ck_size *size, ck_error *e);

#endif
