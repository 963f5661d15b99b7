/* Files that are mapped.  A file that becomes shorter meanwhile (a download that starts anew) would end the process by
 * SIGBUS; here it reads as zeros from then on, and ck_map_cut tells. */
#ifndef CK_CHECKPOINT_MAP_H
#define CK_CHECKPOINT_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* Map the whole of a regular file, shared and read-only.  *map is NULL after a failure. */
ck_status ck_map_open(int fd, void **map, size_t *size, ck_error *e);
void ck_map_close(void *map, size_t size);

#define CK_MAP_CUT_TEXT "the model's file became shorter while it was read: try again when it is complete"

/* True if `p` points into a map of which a part was read that its file no longer has. */
bool ck_map_cut(const void *p);

#endif
