#include "stream/tail.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "stream/wire.h"

/* A copy of the `available` bytes in the pipe, made by tee(2), which leaves them there.  Owned; NULL if not
 * possible. */
static unsigned char *copy(int fd, int available)
{
    int scratch[2], size = fcntl(fd, F_GETPIPE_SZ);
    if (size <= 0 || pipe2(scratch, O_CLOEXEC | O_NONBLOCK))
        return NULL;
    unsigned char *data = malloc((size_t)available);
    ssize_t held = -1, got = 0;
    if (data && fcntl(scratch[1], F_SETPIPE_SZ, size) >= 0)
        held = tee(fd, scratch[1], (size_t)available, SPLICE_F_NONBLOCK);
    for (ssize_t k; held == available && got < held; got += k)
        if ((k = read(scratch[0], data + got, (size_t)(held - got))) <= 0)
            break;
    close(scratch[0]);
    close(scratch[1]);
    if (held == available && got == held)
        return data;
    free(data);
    return NULL;
}

/* ABORT is a metadata-only record at the end: try every start from which its length leads to the end. */
static bool find_abort(const unsigned char *data, size_t n, ck_meta *why)
{
    for (size_t back = sizeof(ck_wire_record); back <= n && back <= sizeof(ck_wire_record) + CK_WIRE_MAX_META;
         back += CK_ALIGN) {
        ck_wire_record r;
        memcpy(&r, data + n - back, sizeof r);
        if (!memcmp(r.magic, CK_WIRE_MAGIC "ABRT", 8) && r.body_bytes == back - sizeof r &&
            r.meta_bytes <= r.body_bytes) {
            (void)ck_meta_parse(why, (const char *)data + n - back + sizeof r, r.meta_bytes, NULL);
            return true;
        }
    }
    return false;
}

ck_tail ck_tail_look(int fd, ck_meta *why)
{
    int available = 0;
    if (ioctl(fd, FIONREAD, &available))
        return CK_TAIL_UNKNOWN;
    size_t n = (size_t)available;
    if (n < sizeof(ck_wire_record))
        return n ? CK_TAIL_CUT : CK_TAIL_EMPTY;
    unsigned char *data = copy(fd, available);
    ck_tail t = CK_TAIL_UNKNOWN;
    if (data) {
        const unsigned char *last = data + n - sizeof(ck_wire_record);
        t = !memcmp(last, CK_WIRE_MAGIC "END ", 8) ? CK_TAIL_END
            : find_abort(data, n, why)             ? CK_TAIL_ABORT
                                                   : CK_TAIL_CUT;
    }
    free(data);
    return t;
}
