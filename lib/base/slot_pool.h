/* A pool of n slots.  A slot is held by one thread at a time. */
#ifndef CK_BASE_SLOT_POOL_H
#define CK_BASE_SLOT_POOL_H

#include "base/status.h"

typedef struct ck_slot_pool ck_slot_pool;

ck_status ck_slot_pool_new(int n, ck_slot_pool **out, ck_error *e);
void ck_slot_pool_free(ck_slot_pool *s); /* NULL is fine; all slots must be free */

/* Take the slot that has been free for longest, 0 ... n-1; waits if none is free. */
int ck_slot_pool_take(ck_slot_pool *s);
/* Give a slot back; any thread. */
void ck_slot_pool_release(ck_slot_pool *s, int i);

#endif
