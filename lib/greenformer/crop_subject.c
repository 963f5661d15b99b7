/* The box around the subject, from the hint alone. */
#include <stdint.h>

#include "image/convert.h"
#include "greenformer/crop.h"

#define LEAST 0.1f /* coverage: below it lie the soft edge of a hint and its noise */
#define MARGIN                                                                                                         \
    32 /* the margin is this part of the longer side: hints are made slightly too small, and hair leaves them */
#define GRID 64 /* pixels: a coarse grid keeps the box of a subject that moves little */

/* A range of columns or rows; from = end: empty. */
typedef struct span {
    int from, end;
} span;

typedef struct box {
    span x, y;
} box;

static void extend(span *s, int from, int end)
{
    bool empty = s->from == s->end;
    s->from = empty || from < s->from ? from : s->from;
    s->end = empty || end > s->end ? end : s->end;
}

/* Extend the box by samples x0 … of a row. */
static void look(const float *v, int n, int x0, int y, box *b)
{
    int first = 0, last = n - 1;
    while (first < n && v[first] <= LEAST)
        first++;
    while (last > first && v[last] <= LEAST)
        last--;
    if (first == n)
        return;
    extend(&b->x, x0 + first, x0 + last + 1);
    extend(&b->y, y, y + 1);
}

static box find(const ck_plane *hint)
{
    float part[1024];
    box b = {0};
    for (int y = 0; y < hint->h; y++)
        for (int x = 0, n; x < hint->w; x += n) {
            size_t at = (size_t)y * (size_t)hint->w + (size_t)x;
            n = hint->w - x < 1024 ? hint->w - x : 1024;
            ck_to_f32((const uint8_t *)hint->data + at * hint->elem, hint->type, part, (size_t)n);
            look(part, n, x, y, &b);
        }
    return b;
}

/* A span of the hint in pixels of the plate, with its margin, rounded outwards to the grid. */
static span on_plate(span s, int hint, int plate, int margin)
{
    int64_t from = (int64_t)s.from * plate / hint - margin, end = ((int64_t)s.end * plate + hint - 1) / hint + margin;
    from = from < 0 ? 0 : from / GRID * GRID;
    end = (end + GRID - 1) / GRID * GRID;
    return (span){(int)from, (int)(end < plate ? end : plate)};
}

/* Lengthen a span to `want` pixels or slightly more, evenly on both sides as far as the plate goes. */
static span lengthened(span s, int want, int plate)
{
    int missing = want - (s.end - s.from);
    if (missing <= 0)
        return s;
    int from = s.from - missing / 2, end = from + want;
    if (end > plate)
        from -= end - plate;
    from = from < 0 ? 0 : from / GRID * GRID;
    end = (from + want + GRID - 1) / GRID * GRID;
    end = end < s.end ? s.end : end;
    return (span){from, end < plate ? end : plate};
}

ck_status ck_crop_subject(const ck_plane *hint, int h, int w, bool like_plate, ck_crop *c, ck_error *e)
{
    *c = (ck_crop){0};
    if (hint->c != 1 || hint->type == CK_OTHER)
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "plane '%s' has %d channels of type %s: a hint has one of u8, u16, f16 or f32", hint->name,
                       hint->c, hint->type_name);
    box b = find(hint);
    if (b.x.from == b.x.end)
        return CK_OK;
    int margin = ((h > w ? h : w) + MARGIN - 1) / MARGIN;
    b.x = on_plate(b.x, hint->w, w, margin);
    b.y = on_plate(b.y, hint->h, h, margin);
    if (like_plate) {
        int64_t bw = b.x.end - b.x.from, bh = b.y.end - b.y.from;
        b.x = lengthened(b.x, (int)((bh * w + h - 1) / h), w);
        b.y = lengthened(b.y, (int)((bw * h + w - 1) / w), h);
    }
    int64_t bw = b.x.end - b.x.from, bh = b.y.end - b.y.from;
    if (3 * bw * bh <= 2 * (int64_t)w * h)
        *c = (ck_crop){b.x.from, b.y.from, (int)bw, (int)bh};
    return CK_OK;
}
