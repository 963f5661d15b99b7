#include "io/exif.h"

#include <string.h>

enum { ORIENTATION = 274, SHORT = 3 };

static uint32_t number(const uint8_t *p, int bytes, bool big)
{
    uint32_t v = 0;
    for (int i = 0; i < bytes; i++)
        v = v << 8 | p[big ? i : bytes - 1 - i];
    return v;
}

ck_orient ck_exif_orient(const uint8_t *d, size_t n)
{
    ck_orient none = {0};
    if (n < 10 || (memcmp(d, "II*\0", 4) && memcmp(d, "MM\0*", 4)))
        return none;
    bool big = *d == 'M';
    size_t at = number(d + 4, 4, big);
    if (at > n - 2)
        return none;
    uint32_t entries = number(d + at, 2, big);
    for (at += 2; entries-- && at + 12 <= n; at += 12)
        if (number(d + at, 2, big) == ORIENTATION && number(d + at + 2, 2, big) == SHORT)
            return ck_orient_from_exif((int)number(d + at + 8, 2, big));
    return none;
}
