#include "io/exr_wavelet.h"

#include "base/clones.h"

/* DO: first across, then down.  UNDO: first down, then across.  A constant wherever it matters for speed. */
typedef enum way { DO14, DO16, UNDO14, UNDO16 } way;

static inline bool undoes(way k)
{
    return k >= UNDO14;
}

/* DO: values (x, y) become mean and difference (a, b).  UNDO: the inverse.  All in 16 bits, for vectors of many words:
 * sums of two differences of 14 bits fit in them; those of wider values wrap around, as the format has it. */
static inline void pair(way k, uint16_t x, uint16_t y, uint16_t *a, uint16_t *b)
{
    int16_t sum = (int16_t)(x + y), sy = (int16_t)y;
    uint16_t wide = x ^ 0x8000, mean = (uint16_t)((wide & y) + ((wide ^ y) >> 1));
    switch (k) {
    case DO14:
        *a = (uint16_t)(sum >> 1);
        *b = (uint16_t)(x - y);
        break;
    case DO16:
        *a = (uint16_t)(mean + (wide < y ? 0x8000 : 0));
        *b = (uint16_t)(wide - y);
        break;
    case UNDO14:
        *a = (uint16_t)(x + (sy & 1) + (sy >> 1));
        *b = (uint16_t)(*a - y);
        break;
    case UNDO16:
        *b = (uint16_t)(x - (y >> 1));
        *a = (uint16_t)(y + *b - 0x8000);
        break;
    }
}

static inline void square(way k, uint16_t *p00, uint16_t *p01, uint16_t *p10, uint16_t *p11)
{
    uint16_t a, b, c, d;
    if (undoes(k)) {
        pair(k, *p00, *p10, &a, &c);
        pair(k, *p01, *p11, &b, &d);
        pair(k, a, b, p00, p01);
        pair(k, c, d, p10, p11);
    } else {
        pair(k, *p00, *p01, &a, &b);
        pair(k, *p10, *p11, &c, &d);
        pair(k, a, c, p00, p10);
        pair(k, b, d, p01, p11);
    }
}

/* n squares of two neighbouring lines: the first level, with three quarters of the work. */
#define NEIGHBOURS(NAME, K)                                                                                            \
    CK_CLONES_SHORT                                                                                                    \
    static void NAME(uint16_t *restrict up, uint16_t *restrict down, size_t n)                                         \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++)                                                                                 \
            square(K, &up[2 * i], &up[2 * i + 1], &down[2 * i], &down[2 * i + 1]);                                     \
    }
NEIGHBOURS(do14, DO14)
NEIGHBOURS(do16, DO16)
NEIGHBOURS(undo14, UNDO14)
NEIGHBOURS(undo16, UNDO16)

static void neighbours(way k, uint16_t *up, uint16_t *down, size_t n)
{
    static void (*const of[])(uint16_t *restrict, uint16_t *restrict,
                              size_t) = {[DO14] = do14, [DO16] = do16, [UNDO14] = undo14, [UNDO16] = undo16};
    of[k](up, down, n);
}

/* n squares, `next` words from one to the next. */
static inline void apart(way k, uint16_t *at, size_t dx, size_t dy, size_t next, size_t n)
{
    for (size_t i = 0; i < n; i++, at += next)
        square(k, at, at + dx, at + dy, at + dy + dx);
}

static void distant(way k, uint16_t *at, size_t dx, size_t dy, size_t n)
{
    switch (k) {
    case DO14:
        apart(DO14, at, dx, dy, 2 * dx, n);
        break;
    case DO16:
        apart(DO16, at, dx, dy, 2 * dx, n);
        break;
    case UNDO14:
        apart(UNDO14, at, dx, dy, 2 * dx, n);
        break;
    case UNDO16:
        apart(UNDO16, at, dx, dy, 2 * dx, n);
        break;
    }
}

/* The squares of side p, and the halves of squares at the right and at the bottom. */
static void level(const ck_wavelet *k, way to, size_t p)
{
    size_t dx = k->x * p, dy = k->y * p, columns = k->w / (2 * p), rows = k->h / (2 * p);
    for (size_t i = 0; i < rows; i++) {
        uint16_t *line = k->at + i * 2 * dy, *end = line + columns * 2 * dx;
        if (dx == 1)
            neighbours(to, line, line + dy, columns);
        else
            distant(to, line, dx, dy, columns);
        if (k->w & p)
            pair(to, end[0], end[dy], &end[0], &end[dy]);
    }
    uint16_t *last = k->at + rows * 2 * dy;
    for (size_t i = 0; k->h & p && i < columns; i++, last += 2 * dx)
        pair(to, last[0], last[dx], &last[0], &last[dx]);
}

static size_t shorter_side(const ck_wavelet *k)
{
    return k->w < k->h ? k->w : k->h;
}

void ck_wavelet_do(const ck_wavelet *k)
{
    for (size_t p = 1; p <= shorter_side(k) / 2; p *= 2)
        level(k, k->narrow ? DO14 : DO16, p);
}

void ck_wavelet_undo(const ck_wavelet *k)
{
    size_t p = 1;
    while (p <= shorter_side(k) / 2)
        p *= 2;
    for (p /= 2; p >= 1; p /= 2)
        level(k, k->narrow ? UNDO14 : UNDO16, p);
}
