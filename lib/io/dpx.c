#include "io/dpx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/outfile.h"
#include "stream/frame.h"

/* Header offsets in bytes. */
enum {
    MAGIC = 0,
    PIXELS_AT = 4,
    VERSION = 8,
    FILE_SIZE = 16,
    DITTO = 20, /* 1: the header differs from that of the frame before */
    GENERIC_SIZE = 24,
    INDUSTRY_SIZE = 28,
    USER_SIZE = 32,
    CREATOR = 160,
    ENCRYPTION = 660,
    ORIENTATION = 768, /* 0: rows from top left */
    ELEMENTS = 770,
    WIDTH = 772,
    HEIGHT = 776,
    SIGN = 780,
    LOW_CODE = 784,
    LOW_QUANTITY = 788,
    HIGH_CODE = 792,
    HIGH_QUANTITY = 796,
    DESCRIPTOR = 800,
    TRANSFER = 801,
    COLORIMETRY = 802,
    BITS = 803,
    PACKING = 804,
    ENCODING = 806, /* 0: no run lengths */
    DATA_AT = 808,
    ROW_PADDING = 812,
    PICTURE_PADDING = 816,
    OTHER_ELEMENTS = 852,
    ELEMENTS_END = 1356,
    ORIGIN_AND_SIZE = 1408, /* six numbers */
    BORDER = 1620,
    PIXEL_ASPECT = 1628,
    SCANNED_SIZE = 1636,
    FRAME = 1712,
    FILM_NUMBERS_END = 1732, /* sequence length, held count, rate, shutter angle */
    FILM_RATE = 1724,
    TIMECODE = 1920,
    TV_RATE = 1940,
    TV_END = 1972,
    GENERIC = 1664,
    HEADER = 2048
};

enum { RGB = 50, RGBA = 51, FILLED_A = 1 };

static void big16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void big32(uint8_t *p, uint32_t v)
{
    big16(p, v >> 16);
    big16(p + 2, v);
}

static void big_float(uint8_t *p, float v)
{
    big32(p, ck_float_bits(v));
}

static const char *get(const ck_meta *about, const char *key)
{
    const char *v = about ? ck_meta_get(about, key) : NULL;
    return v ? v : "";
}

/* SMPTE 268M, table of transfer characteristics.  0: user-defined, which claims nothing. */
static uint8_t transfer_code(const char *curve)
{
    static const struct {
        const char *curve;
        uint8_t code;
    } codes[] = {{"cineon", 1}, {"linear", 2}, {"srgb", 4}, {"bt709", 6}, {"bt1886", 4}, {"", 2}};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (!strcmp(codes[i].curve, curve))
            return codes[i].code;
    return 0;
}

/* The same table's colorimetric column. */
static uint8_t colorimetry(const ck_meta *about)
{
    const char *primaries = get(about, "ck:primaries");
    return !strcmp(get(about, "ck:transfer"), "cineon") ? 1 : !strcmp(primaries, "bt709") ? 6 : 0;
}

static uint32_t timecode(const char *text)
{
    unsigned v[4];
    char mark;
    uint32_t word = 0;
    if (sscanf(text, "%2u:%2u:%2u%c%2u", &v[0], &v[1], &v[2], &mark, &v[3]) != 5)
        return UINT32_MAX;
    for (int i = 0; i < 4; i++)
        word = word << 8 | v[i] / 10 << 4 | v[i] % 10;
    return mark == ';' ? word | 1u << 6 : word;
}

static void set_facts(uint8_t *head, const ck_meta *about)
{
    int num, den;
    snprintf((char *)head + CREATOR, 100, "%s", get(about, "software"));
    if (sscanf(get(about, "ck:sar"), "%9d/%9d", &num, &den) == 2 && num > 0 && den > 0) {
        big32(head + PIXEL_ASPECT, (uint32_t)num);
        big32(head + PIXEL_ASPECT + 4, (uint32_t)den);
    }
    if (sscanf(get(about, "ck:rate"), "%9d/%9d", &num, &den) == 2 && num > 0 && den > 0) {
        big_float(head + FILM_RATE, (float)((double)num / den));
        big_float(head + TV_RATE, (float)((double)num / den));
    }
    long number;
    if (sscanf(get(about, "ck:number"), "%ld", &number) == 1 && number >= 0 && number < (long)UINT32_MAX)
        big32(head + FRAME, (uint32_t)number);
    big32(head + TIMECODE, timecode(get(about, "ck:timecode")));
}

static void make_header(uint8_t *head, const ck_dpx_picture *p, size_t pixels, const ck_meta *about)
{
    /* Fields without a value are all ones; the rest of the header is zero. */
    static const int undefined[][2] = {{ENCRYPTION, ENCRYPTION + 4},
                                       {OTHER_ELEMENTS, ELEMENTS_END},
                                       {LOW_QUANTITY, HIGH_CODE},
                                       {HIGH_QUANTITY, DESCRIPTOR},
                                       {SCANNED_SIZE, SCANNED_SIZE + 8},
                                       {FRAME, FILM_NUMBERS_END},
                                       {TIMECODE, TV_END}};
    memset(head, 0, HEADER);
    for (size_t i = 0; i < sizeof undefined / sizeof *undefined; i++)
        memset(head + undefined[i][0], 0xff, (size_t)(undefined[i][1] - undefined[i][0]));
    memcpy(head + MAGIC, "SDPX", 4);
    memcpy(head + VERSION, "V2.0", 4);
    big32(head + PIXELS_AT, HEADER);
    big32(head + FILE_SIZE, (uint32_t)(HEADER + pixels));
    big32(head + DITTO, 1);
    big32(head + GENERIC_SIZE, GENERIC);
    big32(head + INDUSTRY_SIZE, HEADER - GENERIC);
    big16(head + ELEMENTS, 1);
    big32(head + WIDTH, (uint32_t)p->w);
    big32(head + HEIGHT, (uint32_t)p->h);
    big32(head + HIGH_CODE, (1u << p->bits) - 1);
    head[DESCRIPTOR] = p->c == 4 ? RGBA : RGB;
    head[TRANSFER] = transfer_code(get(about, "ck:transfer"));
    head[COLORIMETRY] = colorimetry(about);
    head[BITS] = (uint8_t)p->bits;
    big16(head + PACKING, p->bits == 10 ? FILLED_A : 0);
    big32(head + DATA_AT, HEADER);
    big32(head + ORIGIN_AND_SIZE + 16, (uint32_t)p->w);
    big32(head + ORIGIN_AND_SIZE + 20, (uint32_t)p->h);
    big32(head + PIXEL_ASPECT, 1);
    big32(head + PIXEL_ASPECT + 4, 1);
    set_facts(head, about);
}

static int stored(const ck_dpx_picture *p)
{
    return p->c == 4 ? 4 : 3;
}

static size_t row_bytes(const ck_dpx_picture *p)
{
    size_t samples = (size_t)p->w * (size_t)stored(p);
    return p->bits == 16 ? (2 * samples + 3) / 4 * 4 : (samples + 2) / 3 * 4;
}

/* Samples in the order R G B A; three to a word, from its top bits, or two. */
static void pack_row(const ck_dpx_picture *p, int y, uint8_t *out)
{
    size_t w = (size_t)p->w, plane = w * (size_t)p->h, n = (size_t)stored(p), k = 0;
    memset(out, 0, row_bytes(p));
    uint32_t word = 0;
    for (size_t x = 0; x < w; x++)
        for (size_t c = 0; c < n; c++, k++) {
            uint32_t v = p->planes[(p->c == 1 ? 0 : c * plane) + (size_t)y * w + x];
            if (p->bits == 16) {
                big16(out + 2 * k, v);
                continue;
            }
            word = k % 3 ? word | v << (22 - 10 * (k % 3)) : v << 22;
            big32(out + k / 3 * 4, word);
        }
}

ck_status ck_dpx_write(const char *path, const ck_dpx_picture *p, const ck_meta *about, ck_error *e)
{
    uint8_t head[HEADER];
    size_t pixels = row_bytes(p) * (size_t)p->h;
    if (p->w < 1 || p->h < 1 || p->w > CK_MAX_SIDE || p->h > CK_MAX_SIDE || (p->c != 1 && p->c != 3 && p->c != 4) ||
        (p->bits != 10 && p->bits != 16) || pixels > UINT32_MAX - HEADER)
        return ck_fail(e, CK_ERR_ARGUMENT, "DPX cannot store %d channels of %d bits at %d x %d", p->c, p->bits, p->w,
                       p->h);
    ck_outfile file;
    ck_status s = ck_outfile_open(&file, path, e);
    if (s != CK_OK)
        return s;
    uint8_t *all = malloc(pixels);
    make_header(head, p, pixels, about);
    for (int y = 0; y < p->h && all; y++)
        pack_row(p, y, all + (size_t)y * row_bytes(p));
    s = all ? ck_outfile_write(&file, head, HEADER, e) : ck_fail(e, CK_ERR_MEMORY, "out of memory for a DPX");
    if (s == CK_OK)
        s = ck_outfile_write(&file, all, pixels, e);
    free(all);
    if (s == CK_OK)
        return ck_outfile_commit(&file, e);
    ck_outfile_discard(&file);
    return s;
}
