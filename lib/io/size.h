/* Size of a still from its header only. */
#ifndef CK_IO_SIZE_H
#define CK_IO_SIZE_H

#include "base/option.h"

/* Width and height in pixels of the plane that ck_still_read would give. */
ck_status ck_still_size(const char *path, ck_size *size, ck_error *e);

#endif
