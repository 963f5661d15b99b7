#include "io/whole.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file, or the first bytes of a pipe. */
typedef struct bytes {
    int fd; /* -1 for a pipe */
    const uint8_t *head;
    size_t n;
    int64_t size;
} bytes;

/* Read up to n bytes at offset `at`.  Fewer at the end, or on an error, which the demuxer will report. */
static size_t peek(const bytes *f, int64_t at, uint8_t *buf, size_t n)
{
    if (f->fd >= 0) {
        ssize_t r = pread(f->fd, buf, n, at);
        return r > 0 ? (size_t)r : 0;
    }
    size_t rest = at >= 0 && (uint64_t)at < f->n ? f->n - (size_t)at : 0;
    n = n < rest ? n : rest;
    memcpy(buf, f->head + (rest ? at : 0), n);
    return n;
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

/* ISO 14496-12 boxes: 32-bit size, type.  Size 1: a 64-bit size follows.  Size 0: to the end of the file. */
static ck_status check_iso(const bytes *f, ck_error *e)
{
    uint64_t at = 0;
    while (at < (uint64_t)f->size) {
        uint8_t b[16];
        size_t got = peek(f, (int64_t)at, b, sizeof b);
        if (got >= 8 && !box_known(b + 4, at == 0))
            return CK_OK; /* foreign data after the end */
        if (got < 8)
            return at ? cut(e, "next box", at + 8, f->size) : CK_OK;
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
        if (at + n > (uint64_t)f->size) {
            char what[16] = "'....' box";
            memcpy(what + 1, b + 4, 4);
            return cut(e, what, at + n, f->size);
        }
        at += n;
    }
    return CK_OK;
}

/* Parse an EBML length: as many leading zeros as further bytes; all ones = unknown.  Returns its bytes, 0 if
 * malformed. */
static int ebml_length(const uint8_t *p, size_t n, uint64_t *v, bool *unknown)
{
    int taken = 1;
    while (taken <= 8 && !(p[0] >> (8 - taken) & 1))
        taken++;
    if (taken > 8 || (size_t)taken > n)
        return 0;
    uint64_t mask = ((uint64_t)1 << 7 * taken) - 1;
    *v = big(p, taken) & mask;
    *unknown = *v == mask;
    return taken;
}

static ck_status check_matroska(const bytes *f, ck_error *e)
{
    uint8_t b[12];
    uint64_t n, at;
    bool unknown;
    size_t got = peek(f, 0, b, sizeof b);
    int taken = got > 5 ? ebml_length(b + 4, got - 4, &n, &unknown) : 0;
    if (!taken || unknown || n > 4096)
        return CK_OK;
    at = 4 + (uint64_t)taken + n;
    got = peek(f, (int64_t)at, b, sizeof b);
    if (got < 5 || big(b, 4) != 0x18538067)
        return CK_OK;
    taken = ebml_length(b + 4, got - 4, &n, &unknown);
    if (!taken || unknown)
        return CK_OK;
    at += 4 + (uint64_t)taken + n;
    return at > (uint64_t)f->size ? cut(e, "segment", at, f->size) : CK_OK;
}

/* RIFF chunks of type AVI, then AVIX.  A writer that could not seek back leaves size 0 or all ones. */
static ck_status check_avi(const bytes *f, ck_error *e)
{
    for (int64_t at = 0; at < f->size;) {
        uint8_t b[12];
        if (peek(f, at, b, sizeof b) < sizeof b || memcmp(b, "RIFF", 4) || memcmp(b + 8, "AVI", 3))
            return CK_OK;
        uint32_t n = (uint32_t)b[4] | (uint32_t)b[5] << 8 | (uint32_t)b[6] << 16 | (uint32_t)b[7] << 24;
        if (n == 0 || n == UINT32_MAX)
            return CK_OK;
        int64_t end = at + 8 + (int64_t)n;
        if (end > f->size)
            return cut(e, "RIFF chunk", (uint64_t)end, f->size);
        at = end + (end & 1);
    }
    return CK_OK;
}

static ck_status check_ts(const bytes *f, int packet, int sync, ck_error *e)
{
    for (int i = 0; i < 4; i++) {
        uint8_t b;
        if (peek(f, (int64_t)i * packet + sync, &b, 1) < 1 || b != 0x47)
            return CK_OK;
    }
    if (f->size % packet)
        return ck_fail(e, CK_ERR_FORMAT, "cut short: it ends within a packet of %d bytes", packet);
    return CK_OK;
}

/* RFC 3533: the last page is complete and flagged as last. */
static ck_status check_ogg(const bytes *f, ck_error *e)
{
    enum { HEADER = 27, LONGEST = HEADER + 255 + 255 * 255 };
    uint8_t *tail = malloc(LONGEST);
    if (!tail)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    int64_t from = f->size > LONGEST ? f->size - LONGEST : 0;
    size_t n = peek(f, from, tail, LONGEST), i = n;
    while (i > 0 && (i + HEADER > n || memcmp(tail + i, "OggS", 5)))
        i--;
    bool whole = i + HEADER <= n && !memcmp(tail + i, "OggS", 5) && tail[i + 5] & 4;
    size_t length = HEADER;
    for (size_t k = 0; whole && k < tail[i + 26]; k++)
        length += i + HEADER + k < n ? 1u + tail[i + HEADER + k] : n;
    whole = whole && length == n - i;
    free(tail);
    return whole ? CK_OK : ck_fail(e, CK_ERR_FORMAT, "cut short: it does not end with its last Ogg page");
}

ck_status ck_whole_check(int fd, const uint8_t *head, size_t n, int64_t size, ck_error *e)
{
    bytes f = {.fd = fd, .head = head, .n = n, .size = size};
    uint8_t b[12] = {0};
    if (peek(&f, 0, b, sizeof b) < sizeof b)
        return CK_OK;
    if (!memcmp(b, "\x1a\x45\xdf\xa3", 4))
        return check_matroska(&f, e);
    if (!memcmp(b, "RIFF", 4) && !memcmp(b + 8, "AVI ", 4))
        return check_avi(&f, e);
    if (b[0] == 0x47)
        return check_ts(&f, 188, 0, e);
    if (b[4] == 0x47)
        return check_ts(&f, 192, 4, e);
    /* These checks need more than the head. */
    if (fd >= 0 && box_known(b + 4, true))
        return check_iso(&f, e);
    return fd >= 0 && !memcmp(b, "OggS", 4) ? check_ogg(&f, e) : CK_OK;
}
