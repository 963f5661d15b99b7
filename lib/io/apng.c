#include "io/apng.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

static uint32_t big32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

long ck_apng_frames(int fd)
{
    uint8_t b[12];
    if (pread(fd, b, 8, 0) != 8 || memcmp(b, "\x89PNG\r\n\x1a\n", 8))
        return 0;
    /* A chunk is length, type, data, checksum.  acTL comes before the first IDAT. */
    for (int64_t at = 8; pread(fd, b, 12, at) == 12; at += 12 + (int64_t)big32(b)) {
        if (!memcmp(b + 4, "IDAT", 4) || big32(b) > INT32_MAX)
            return 0;
        if (!memcmp(b + 4, "acTL", 4))
            return (long)big32(b + 8) < INT32_MAX ? (long)big32(b + 8) : 0;
    }
    return 0;
}
