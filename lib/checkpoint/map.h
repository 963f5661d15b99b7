/* Mapped files that survive truncation.  If a file becomes shorter while it is mapped (a download that starts again), a
 * read would end the process by SIGBUS.  Here the missing part reads as zeros, and ck_map_cut reports it. */
#ifndef CK_CHECKPOINT_MAP_H
#define CK_CHECKPOINT_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* Map a whole regular file, shared and read-only.  *map is NULL after a failure. */
ck_status ck_map_open(int fd, void **map, size_t *size, ck_error *e);
void ck_map_close(void *map, size_t size);

#define CK_MAP_CUT_TEXT "the model's file became shorter while it was read: try again when it is complete"

/* True if `p` points into a map from which a missing part has been read. */
bool ck_map_cut(const void *p);

#endif
