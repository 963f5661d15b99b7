#include "stream/rings.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BODY_HEAD offsetof(ck_rings_body, id)

size_t ck_rings_offer(const ck_rings *r, int fd, ck_rings_body *to)
{
    struct stat st;
    if (fstat(fd, &st) || !S_ISFIFO(st.st_mode))
        return 0;
    *to = (ck_rings_body){.version = CK_RINGS_VERSION,
                          .pid = (uint32_t)getpid(),
                          .rings = (uint32_t)r->n,
                          .dev = st.st_dev,
                          .ino = st.st_ino};
    for (int i = 0; i < r->n; i++)
        to->id[i] = *ck_ring_id_view(r->ring[i]);
    return BODY_HEAD + (size_t)r->n * sizeof *to->id;
}

static bool sound(const ck_rings_body *b, size_t n)
{
    return n >= BODY_HEAD && b->version == CK_RINGS_VERSION && b->rings > 0 && b->rings <= CK_RINGS_MAX &&
           n == BODY_HEAD + b->rings * sizeof *b->id && b->pid > 0 && b->pid <= INT_MAX;
}

static bool same_pipe(const ck_rings_body *b, int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && st.st_dev == b->dev && st.st_ino == b->ino;
}

bool ck_rings_attach(ck_rings *r, int fd, const ck_rings_body *body, size_t n, ck_error *why)
{
    if (!sound(body, n)) {
        ck_fail(why, CK_ERR_FORMAT, "its RING record is of another version or damaged");
        return false;
    }
    if (!same_pipe(body, fd)) {
        ck_fail(why, CK_ERR_UNSUPPORTED, "another program is between it and standard input");
        return false;
    }
    for (uint32_t i = 0; i < body->rings; i++) {
        if (!ck_ring_map((pid_t)body->pid, &body->id[i], &r->ring[r->n], why)) {
            ck_fail_in(why, CK_ERR_IO, "shared memory is unreachable");
            ck_rings_free(r);
            return false;
        }
        r->n++;
    }
    ck_ring_attach(r->ring[r->n - 1]);
    return true;
}

int ck_rings_index(const ck_rings *r, const ck_ring *ring)
{
    for (int i = 0; i < r->n; i++)
        if (r->ring[i] == ring)
            return i;
    return -1;
}

void ck_rings_free(ck_rings *r)
{
    while (r->n)
        ck_ring_unref(r->ring[--r->n]);
}
