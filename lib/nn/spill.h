/* Memory that is larger than what may be taken: its head is ordinary, its tail comes and goes.
 *
 *     ck_spill_new(bytes, resident) -> need what is about to be touched, touch it, say what is idle -> ck_spill_free
 *
 * All of it has an address from the start, so that operations find one range whatever lies where.  What is
 * idle is written to a temporary file, unless that has it already, and takes no memory until it is needed again. */
#ifndef CK_NN_SPILL_H
#define CK_NN_SPILL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct ck_spill ck_spill;

#define CK_SPILL_PAGE 4096 /* what comes and goes at once; `resident` is a multiple */

/* The file is made in $TMPDIR, else /var/tmp; it has no name and all its room from the start.  CK_ERR_IO if there is
 * none; CK_ERR_ARGUMENT if that folder is memory itself. */
ck_status ck_spill_new(size_t bytes, size_t resident, ck_spill **out, ck_error *e);
void ck_spill_free(ck_spill *s); /* NULL is fine */
void *ck_spill_data(const ck_spill *s);

typedef enum ck_spill_use {
    CK_SPILL_READ,
    CK_SPILL_WRITE /* every byte of it, or those that are not do not matter */
} ck_spill_use;

/* n bytes from `at` on can be touched until they are idle; what of the tail has never been written is undefined. */
ck_status ck_spill_need(ck_spill *s, size_t at, size_t n, ck_spill_use use, ck_error *e);

/* They will not be touched for a while.  Pages that they cover in part stay. */
ck_status ck_spill_idle(ck_spill *s, size_t at, size_t n, ck_error *e);

#endif
