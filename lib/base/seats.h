/* So many places that each one thread at a time may have. */
#ifndef CK_BASE_SEATS_H
#define CK_BASE_SEATS_H

#include "base/status.h"

typedef struct ck_seats ck_seats;

ck_status ck_seats_new(int n, ck_seats **out, ck_error *e);
void ck_seats_free(ck_seats *s); /* NULL is fine; all are free again */

/* Waits for a free one: 0 … n-1, the one that has been free for longest. */
int ck_seats_take(ck_seats *s);
void ck_seats_leave(ck_seats *s, int i);

#endif
