#include "io/whole.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Bytes read, fewer only at the end of the file or on an error, which the demuxer will meet too. */
static size_t peek(int fd, int64_t at, uint8_t *buf, size_t n)
{
    ssize_t r = pread(fd, buf, n, at);
    return r > 0 ? (size_t)r : 0;
}

static uint64_t big(const uint8_t *p, int n)
{
    uint64_t v = 0;
    while (n--)
        v = v << 8 | *p++;
    return v;
}

static ck_status cut(ck_error *e, const char *what, uint64_t end, int64_t size)
{
    return ck_fail(e, CK_ERR_FORMAT, "cut short: its %s goes to byte %llu, but there are only %lld", what,
                   (unsigned long long)end, (long long)size);
}

static bool box_known(const uint8_t *type, bool first)
{
    static const char starts[] = "ftypmoovmdatwidefreeskippnotstyp", more[] = "moofsidxmfrauuidmetaPICTudtassixprft";
    for (const char *p = starts; *p; p += 4)
        if (!memcmp(p, type, 4))
            return true;
    for (const char *p = more; !first && *p; p += 4)
        if (!memcmp(p, type, 4))
            return true;
    return false;
}

/* ISO 14496-12: 32-bit size, type; size 1: a 64-bit size follows; size 0: to the end of the file. */
static ck_status check_iso(int fd, int64_t size, ck_error *e)
{
    uint64_t at = 0;
    while (at < (uint64_t)size) {
        uint8_t b[16];
        size_t got = peek(fd, (int64_t)at, b, sizeof b);
        if (got >= 8 && !box_known(b + 4, at == 0))
            return CK_OK; /* something of somebody else's after the end */
        if (got < 8)
            return at ? cut(e, "next box", at + 8, size) : CK_OK;
        uint64_t n = big(b, 4), head = 8;
        if (n == 1 && got == 16) {
            n = big(b + 8, 8);
            head = 16;
        }
        if (n == 0)
            return CK_OK;
        if (n < head || n > UINT64_MAX - at)
            return ck_fail(e, CK_ERR_FORMAT, "damaged: a box of %llu bytes at byte %llu", (unsigned long long)n,
                           (unsigned long long)at);
        if (at + n > (uint64_t)size) {
            char what[16] = "'....' box";
            memcpy(what + 1, b + 4, 4);
            return cut(e, what, at + n, size);
        }
        at += n;
    }
    return CK_OK;
}

/* An EBML length: as many leading zeros as further bytes; all ones: not known.  Returns its bytes, 0 = bad. */
static int ebml_length(const uint8_t *p, size_t n, uint64_t *v, bool *unknown)
{
    int bytes = 1;
    while (bytes <= 8 && !(p[0] >> (8 - bytes) & 1))
        bytes++;
    if (bytes > 8 || (size_t)bytes > n)
        return 0;
    uint64_t mask = ((uint64_t)1 << 7 * bytes) - 1;
    *v = big(p, bytes) & mask;
    *unknown = *v == mask;
    return bytes;
}

static ck_status check_matroska(int fd, int64_t size, ck_error *e)
{
    uint8_t b[12];
    uint64_t n, at;
    bool unknown;
    size_t got = peek(fd, 0, b, sizeof b);
    int bytes = got > 5 ? ebml_length(b + 4, got - 4, &n, &unknown) : 0;
    if (!bytes || unknown || n > 4096)
        return CK_OK;
    at = 4 + (uint64_t)bytes + n;
    got = peek(fd, (int64_t)at, b, sizeof b);
    if (got < 5 || big(b, 4) != 0x18538067)
        return CK_OK;
    bytes = ebml_length(b + 4, got - 4, &n, &unknown);
    if (!bytes || unknown)
        return CK_OK;
    at += 4 + (uint64_t)bytes + n;
    return at > (uint64_t)size ? cut(e, "segment", at, size) : CK_OK;
}

/* RIFF chunks of type AVI, then AVIX.  A writer that could not seek back leaves 0 or all ones. */
static ck_status check_avi(int fd, int64_t size, ck_error *e)
{
    for (int64_t at = 0; at < size;) {
        uint8_t b[12];
        if (peek(fd, at, b, sizeof b) < sizeof b || memcmp(b, "RIFF", 4) || memcmp(b + 8, "AVI", 3))
            return CK_OK;
        uint32_t n = (uint32_t)b[4] | (uint32_t)b[5] << 8 | (uint32_t)b[6] << 16 | (uint32_t)b[7] << 24;
        if (n == 0 || n == UINT32_MAX)
            return CK_OK;
        int64_t end = at + 8 + (int64_t)n;
        if (end > size)
            return cut(e, "RIFF chunk", (uint64_t)end, size);
        at = end + (end & 1);
    }
    return CK_OK;
}

static ck_status check_ts(int fd, int64_t size, int packet, int sync, ck_error *e)
{
    for (int i = 0; i < 4; i++) {
        uint8_t b;
        if (peek(fd, (int64_t)i * packet + sync, &b, 1) < 1 || b != 0x47)
            return CK_OK;
    }
    if (size % packet)
        return ck_fail(e, CK_ERR_FORMAT, "cut short: it ends within a packet of %d bytes", packet);
    return CK_OK;
}

ck_status ck_whole_check(int fd, int64_t size, ck_error *e)
{
    uint8_t b[12] = {0};
    if (peek(fd, 0, b, sizeof b) < sizeof b)
        return CK_OK;
    if (!memcmp(b, "\x1a\x45\xdf\xa3", 4))
        return check_matroska(fd, size, e);
    if (!memcmp(b, "RIFF", 4) && !memcmp(b + 8, "AVI ", 4))
        return check_avi(fd, size, e);
    if (box_known(b + 4, true))
        return check_iso(fd, size, e);
    if (b[0] == 0x47)
        return check_ts(fd, size, 188, 0, e);
    return b[4] == 0x47 ? check_ts(fd, size, 192, 4, e) : CK_OK;
}
