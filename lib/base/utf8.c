#include "base/utf8.h"

/* Source: the Unicode Standard, table 3-7. */
size_t ck_utf8_length(const uint8_t *s, size_t n)
{
    uint8_t c = s[0], low = 0x80, high = 0xbf;
    size_t len = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (len < 2)
        return len;
    if (c == 0xe0)
        low = 0xa0;
    else if (c == 0xed)
        high = 0x9f;
    else if (c == 0xf0)
        low = 0x90;
    else if (c == 0xf4)
        high = 0x8f;
    if (len > n || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

bool ck_utf8_valid(const uint8_t *s, size_t n)
{
    while (n) {
        size_t len = ck_utf8_length(s, n);
        if (!len)
            return false;
        s += len;
        n -= len;
    }
    return true;
}
