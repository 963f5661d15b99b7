#include "image/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "image/convert.h"
#include "image/plate.h"

/* The matte is summed in whole numbers of 1/ONE, so that sums do not depend on their order. */
#define ONE 1023
#define CLEAR 20        /* below: bare screen; 0.02 */
#define SOLID 1003      /* above: solid; 0.98 */
#define EVERY 8         /* rows of the plate */
#define LEAST_BARE 1000 /* pixels that a mean colour needs */

CK_CLONES
static void quantise(const float *v, uint16_t *q, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float c = v[i] > 0 ? v[i] : 0;
        q[i] = (uint16_t)((c < 1 ? c : 1) * ONE + 0.5F);
    }
}

CK_CLONES
static uint32_t sum(const uint16_t *q, size_t n)
{
    uint32_t s = 0;
    for (size_t i = 0; i < n; i++)
        s += q[i];
    return s;
}

CK_CLONES
static uint32_t count_soft(const uint16_t *q, size_t n)
{
    uint32_t s = 0;
    for (size_t i = 0; i < n; i++)
        s += (q[i] > CLEAR) & (q[i] < SOLID);
    return s;
}

/* Pairs of pixels, one of each row, with an edge between them. */
CK_CLONES
static uint32_t count_crossings(const uint16_t *a, const uint16_t *b, size_t n)
{
    uint32_t s = 0;
    for (size_t i = 0; i < n; i++)
        s += (a[i] > ONE / 2) != (b[i] > ONE / 2);
    return s;
}

typedef struct sums {
    uint64_t cells[CK_CELLS], soft, crossings;
} sums;

static int first_of(int cell, int cells, int pixels)
{
    return (int)((int64_t)cell * pixels / cells);
}

static void add_row(sums *s, const uint16_t *q, const uint16_t *above, int w, int cell_row)
{
    for (int i = 0; i < CK_CELLS_W; i++) {
        int from = first_of(i, CK_CELLS_W, w), to = first_of(i + 1, CK_CELLS_W, w);
        s->cells[cell_row * CK_CELLS_W + i] += sum(q + from, (size_t)(to - from));
    }
    s->soft += count_soft(q, (size_t)w);
    s->crossings += count_crossings(q, q + 1, (size_t)w - 1);
    if (above)
        s->crossings += count_crossings(q, above, (size_t)w);
}

/* Read the matte once.  rows: two rows of w. */
static void add_matte(sums *s, const ck_plane *alpha, float *buffer, uint16_t *rows)
{
    size_t w = (size_t)alpha->w;
    for (int y = 0, cell = 0; y < alpha->h; y++) {
        uint16_t *row = rows + (size_t)(y & 1) * w;
        const uint8_t *from = (const uint8_t *)alpha->data + (size_t)y * w * alpha->elem;
        while (y >= first_of(cell + 1, CK_CELLS_H, alpha->h))
            cell++;
        if (alpha->type != CK_F32)
            ck_to_f32(from, alpha->type, buffer, w);
        quantise(alpha->type == CK_F32 ? (const float *)(const void *)from : buffer, row, w);
        add_row(s, row, y ? rows + (size_t)(~y & 1) * w : NULL, alpha->w, cell);
    }
}

/* A cell without pixels, in a tiny frame, is 0. */
static void conclude(const sums *s, const ck_plane *alpha, ck_measures *out)
{
    uint64_t all = 0;
    for (int i = 0; i < CK_CELLS; i++) {
        int x = i % CK_CELLS_W, y = i / CK_CELLS_W;
        int64_t w = first_of(x + 1, CK_CELLS_W, alpha->w) - first_of(x, CK_CELLS_W, alpha->w);
        int64_t h = first_of(y + 1, CK_CELLS_H, alpha->h) - first_of(y, CK_CELLS_H, alpha->h);
        double full = (double)(w * h * ONE);
        out->cells[i] = full > 0 ? (uint8_t)lround((double)s->cells[i] / full * CK_CELL_FULL) : 0;
        all += s->cells[i];
    }
    out->coverage = (double)all / ((double)alpha->w * alpha->h * ONE);
    /* A contour of length L crosses 4/pi L pairs of neighbours, in the mean of all directions. */
    out->edge = s->crossings ? (double)s->soft / ((double)s->crossings * M_PI / 4) : 0;
}

typedef struct screen {
    double sum[3], differences;
    uint64_t n, n_differences;
} screen;

/* A row of the plate: [3, w], with `bare` true where the matte is clear. */
static void add_plate_row(screen *s, const float *row, const bool *bare, size_t w)
{
    for (size_t x = 0; x < w; x++) {
        if (!bare[x])
            continue;
        for (size_t c = 0; c < 3; c++)
            s->sum[c] += (double)row[c * w + x];
        s->n++;
    }
    const float *green = row + w;
    for (size_t x = 1; x + 1 < w; x++) {
        if (!bare[x - 1] || !bare[x] || !bare[x + 1])
            continue;
        s->differences += fabs((double)(green[x - 1] - 2 * green[x] + green[x + 1]));
        s->n_differences++;
    }
}

static void find_bare(const ck_plane *alpha, int y, float *buffer, bool *bare, int w)
{
    const uint8_t *from = (const uint8_t *)alpha->data + (size_t)y * (size_t)alpha->w * alpha->elem;
    ck_to_f32(from, alpha->type, buffer, (size_t)alpha->w);
    for (int x = 0; x < w; x++)
        bare[x] = !(buffer[(int64_t)x * alpha->w / w] > (float)CLEAR / ONE);
}

static void measure_screen(const ck_plane *alpha, const ck_plane *rgb, float *buffer, bool *bare, ck_measures *out)
{
    screen s = {0};
    size_t w = (size_t)rgb->w;
    for (int y = 0; y < rgb->h; y += EVERY) {
        find_bare(alpha, (int)((int64_t)y * alpha->h / rgb->h), buffer, bare, rgb->w);
        for (size_t c = 0; c < 3; c++)
            ck_plate_row(rgb, c, y, 0, w, buffer + c * w);
        add_plate_row(&s, buffer, bare, w);
    }
    out->bare = s.n >= LEAST_BARE / EVERY && s.n_differences && isfinite(s.sum[0] + s.sum[1] + s.sum[2]);
    for (int c = 0; c < 3 && out->bare; c++)
        out->screen[c] = 255 * s.sum[c] / (double)s.n;
    /* Of white noise, a - 2b + c has sqrt(6) times the deviation, and sqrt(2/pi) of that as its mean magnitude. */
    if (out->bare)
        out->noise = 255 * s.differences / (double)s.n_differences / (sqrt(6) * sqrt(M_2_PI));
}

ck_status ck_measure(const ck_plane *alpha, const ck_plane *rgb, ck_measures *out, ck_error *e)
{
    *out = (ck_measures){.w = alpha->w, .h = alpha->h};
    size_t w = (size_t)(rgb && rgb->w > alpha->w ? rgb->w : alpha->w);
    float *buffer = malloc(3 * w * sizeof *buffer);
    uint16_t *rows = malloc(2 * w * sizeof *rows);
    bool *bare = malloc(w * sizeof *bare);
    sums *s = calloc(1, sizeof *s);
    ck_status st =
        buffer && rows && bare && s ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a frame's figures");
    if (st == CK_OK) {
        add_matte(s, alpha, buffer, rows);
        conclude(s, alpha, out);
        if (rgb && rgb->c == 3)
            measure_screen(alpha, rgb, buffer, bare, out);
    }
    free(buffer);
    free(rows);
    free(bare);
    free(s);
    return st;
}
