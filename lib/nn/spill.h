/* Memory larger than a limit: its head is resident, pages of its tail are swapped to a temporary file.
 *
 *     ck_spill_new(bytes, resident) -> need a range, use it, mark it idle -> … -> ck_spill_free
 *
 * Head and tail have one range of addresses.  Idle pages are written to the file unless unchanged, and take no memory
 * until they are needed again. */
#ifndef CK_NN_SPILL_H
#define CK_NN_SPILL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct ck_spill ck_spill;

#define CK_SPILL_PAGE 4096 /* bytes swapped at once; `resident` is a multiple */

/* The file is made in $TMPDIR (default /var/tmp), has no name and is allocated whole.  CK_ERR_IO if the disk is full;
 * CK_ERR_ARGUMENT if that folder is in memory (tmpfs). */
ck_status ck_spill_new(size_t bytes, size_t resident, ck_spill **out, ck_error *e);
void ck_spill_free(ck_spill *s); /* NULL is allowed */
void *ck_spill_data(const ck_spill *s);

typedef enum ck_spill_use {
    CK_SPILL_READ,
    CK_SPILL_WRITE /* old contents may be lost */
} ck_spill_use;

/* Make n bytes from `at` on usable until they are marked idle.  Bytes never written are undefined. */
ck_status ck_spill_need(ck_spill *s, size_t at, size_t n, ck_spill_use use, ck_error *e);

/* Allow n bytes from `at` on to leave memory.  Pages only partly in the range stay. */
ck_status ck_spill_idle(ck_spill *s, size_t at, size_t n, ck_error *e);

#endif
