#include "io/jpeg.h"

#include <stdbool.h>

enum { SOI = 0xd8, EOI = 0xd9, SOS = 0xda, RST0 = 0xd0, RST7 = 0xd7, TEM = 0x01 };

static bool alone(int marker)
{
    return marker == SOI || marker == TEM || (marker >= RST0 && marker <= RST7);
}

/* Skip entropy-coded data up to the next marker: 0xff not followed by a stuffed zero or a restart code. */
static size_t skip_scan(const uint8_t *d, size_t n, size_t i)
{
    while (i + 1 < n && !(d[i] == 0xff && d[i + 1] != 0 && d[i + 1] != 0xff && !alone(d[i + 1])))
        i++;
    return i;
}

ck_status ck_jpeg_check(const uint8_t *d, size_t n, ck_error *e)
{
    size_t i = 0;
    while (i + 2 <= n) {
        if (d[i] != 0xff)
            return ck_fail(e, CK_ERR_FORMAT, "missing marker at byte %zu: the JPEG file is damaged", i);
        int marker = d[i + 1];
        if (marker == 0xff) { /* fill byte */
            i++;
            continue;
        }
        i += 2;
        if (marker == EOI)
            return CK_OK;
        if (alone(marker))
            continue;
        if (i + 2 > n)
            break;
        size_t length = (size_t)d[i] << 8 | d[i + 1];
        if (length < 2 || length > n - i)
            break;
        i += length;
        if (marker == SOS)
            i = skip_scan(d, n, i);
    }
    return ck_fail(e, CK_ERR_FORMAT,
                   "the JPEG file is cut short: it ends after %zu bytes without an end marker, copy it again", n);
}
