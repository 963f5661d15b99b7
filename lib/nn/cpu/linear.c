/* Linear layers, and the patch embedding as a product of gathered patches, in tiles of rows. */
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/mem.h"
#include "nn/cpu/cpu.h"
#include "nn/cpu/element.h"

/* Products prepared for a step: that of a whole tile, and that of the last tile if it is smaller. */
typedef struct product {
    ck_cpu_prepared base;
    ck_cpu_primitive *whole, *last;
    int tiles;
    size_t scratch; /* bytes per thread */
    size_t low;     /* offset of ck_cpu_low_bias's scratch, with bf16 operands */
} product;

/* Rows of a tile: large tiles are faster, but a map should have at least 16, so that all threads have work. */
static int tile_rows(size_t rows)
{
    int tile = 256;
    while (tile > 32 && rows / (size_t)tile < 16)
        tile /= 2;
    return (size_t)tile > rows ? (int)rows : tile;
}

/* x is f32, the product takes bf16. */
static bool must_round(const ck_nn_step *s)
{
    return s->weight->bf16 && s->x[0].type == CK_NN_F32;
}

/* Bytes of a tile's gathered patches or rounded x; oneDNN's scratch follows them. */
static size_t gathered(const ck_nn_step *s)
{
    size_t n = (size_t)tile_rows(ck_nn_pixels(&s->y)) * (size_t)s->weight->in;
    return s->kind == CK_NN_OP_PATCH ? ck_pad(n * sizeof(float)) : must_round(s) ? ck_pad(n * sizeof(uint16_t)) : 0;
}

static size_t per_thread(const ck_nn_step *s)
{
    const product *p = s->prepared;
    return gathered(s) + p->scratch;
}

static void release(ck_cpu_prepared *base)
{
    product *p = (product *)base;
    ck_cpu_primitive_free(p->whole);
    ck_cpu_primitive_free(p->last);
    free(p);
}

static ck_status new_primitives(ck_cpu_device *d, const ck_nn_step *s, product *p, ck_error *e)
{
    bool patch = s->kind == CK_NN_OP_PATCH;
    size_t rows = ck_nn_pixels(&s->y);
    ck_cpu_linear_shape shape = {.rows = tile_rows(rows),
                                 .ldx = patch || must_round(s) ? s->weight->in : s->x[0].ld,
                                 .ldy = s->y.ld,
                                 .gelu = s->act == CK_NN_GELU,
                                 .add = patch || ck_nn_has(&s->x[1]),
                                 .bf16_y = s->y.type == CK_NN_BF16};
    size_t tile = (size_t)shape.rows, rest = rows % tile;
    p->tiles = (int)(rows / tile) + (rest > 0);
    ck_status st = ck_cpu_primitive_linear(d->dnnl, s->weight->packed, &shape, &p->whole, e);
    shape.rows = (int)rest;
    if (st == CK_OK && rest)
        st = ck_cpu_primitive_linear(d->dnnl, s->weight->packed, &shape, &p->last, e);
    if (st != CK_OK)
        return st;
    size_t a = ck_cpu_primitive_scratch(p->whole), b = rest ? ck_cpu_primitive_scratch(p->last) : 0;
    p->scratch = a > b ? a : b;
    return CK_OK;
}

ck_status ck_cpu_prepare_linear(ck_cpu_device *d, ck_nn_step *s, size_t *scratch, ck_error *e)
{
    product *p = calloc(1, sizeof *p);
    if (!p)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a matrix product");
    p->base = (ck_cpu_prepared){release, d->prepared};
    d->prepared = &p->base;
    s->prepared = p;
    ck_status st = new_primitives(d, s, p, e);
    if (st != CK_OK)
        return st;
    p->low = ck_pad((size_t)ck_team_size(d->team) * per_thread(s));
    *scratch = p->low + (s->weight->bf16 ? ck_cpu_low_scratch(s) : 0);
    return CK_OK;
}

static float *low(const ck_nn_step *s)
{
    const product *p = s->prepared;
    return s->weight->bf16 ? (float *)((char *)s->scratch + p->low) : NULL;
}

static void multiply(ck_cpu_device *d, const ck_nn_step *s, int i, const void *x, void *y, void *scratch, int who)
{
    const product *p = s->prepared;
    ck_error e;
    ck_status st = ck_cpu_primitive_run(d->dnnl, p->last && i == p->tiles - 1 ? p->last : p->whole, x, low(s), y,
                                        scratch, who, &e);
    if (st != CK_OK)
        ck_cpu_fail(d, st, &e);
}

static int tiles(const ck_nn_step *s)
{
    const product *p = s->prepared;
    return p->tiles;
}

typedef struct tile {
    int rows;
    size_t first; /* row */
    char *scratch;
} tile;

static tile tile_of(const ck_nn_step *s, int i, int who)
{
    size_t all = ck_nn_pixels(&s->y), size = (size_t)tile_rows(all), first = (size_t)i * size;
    return (tile){.rows = (int)(all - first < size ? all - first : size),
                  .first = first,
                  .scratch = (char *)s->scratch + (size_t)who * per_thread(s)};
}

/* Copy the addend, of y's type with rows ld elements apart, into y, to which oneDNN adds. */
static void put(const ck_nn_step *s, const tile *t, const void *from, size_t ld)
{
    size_t size = ck_nn_type_size(s->y.type);
    for (int r = 0; r < t->rows; r++)
        memcpy(ck_nn_pixel(&s->y, t->first + (size_t)r), (const char *)from + (size_t)r * ld * size,
               (size_t)s->y.c * size);
}

CK_CLONES static void round_row(const float *x, int n, uint16_t *to)
{
    for (int i = 0; i < n; i++)
        to[i] = ck_bf16_of(x[i]);
}

static void round_rows(const ck_nn_step *s, const tile *t)
{
    int in = s->weight->in;
    for (int r = 0; r < t->rows; r++)
        round_row(ck_nn_at(&s->x[0], t->first + (size_t)r), in, (uint16_t *)t->scratch + (size_t)r * (size_t)in);
}

static void linear_task(void *call, int i, int who)
{
    const ck_cpu_call *k = call;
    const ck_nn_step *s = k->s;
    tile t = tile_of(s, i, who);
    if (ck_nn_has(&s->x[1]) && s->x[1].data != s->y.data)
        put(s, &t, ck_nn_pixel(&s->x[1], t.first), (size_t)s->x[1].ld);
    if (must_round(s))
        round_rows(s, &t);
    multiply(k->dev, s, i, must_round(s) ? t.scratch : ck_nn_pixel(&s->x[0], t.first), ck_nn_pixel(&s->y, t.first),
             t.scratch + gathered(s), who);
}

void ck_cpu_linear(ck_nn *dev, const ck_nn_step *s)
{
    if (s->weight->bf16)
        ck_cpu_low_bias(dev, s, low(s));
    ck_cpu_parallel(dev, s, tiles(s), linear_task);
}

/* Gather one token's 7x7 pixels in the order of the weights, [channel][tap], zeros outside. */
static void gather(const ck_nn_tensor *t, int oy, int ox, float *to)
{
    for (int c = 0; c < t->c; c++)
        for (int ky = 0; ky < 7; ky++, to += 7) {
            int y = oy * 4 - 3 + ky, x = ox * 4 - 3;
            const float *row = (const float *)t->data + ((size_t)c * (size_t)t->h + (size_t)y) * (size_t)t->w;
            for (int kx = 0; kx < 7; kx++)
                to[kx] = y >= 0 && y < t->h && x + kx >= 0 && x + kx < t->w ? row[x + kx] : 0;
        }
}

static void patch_task(void *call, int i, int who)
{
    const ck_cpu_call *k = call;
    const ck_nn_step *s = k->s;
    tile t = tile_of(s, i, who);
    float *patches = (float *)t.scratch;
    for (int r = 0; r < t.rows; r++) {
        size_t token = t.first + (size_t)r, w = (size_t)s->y.w;
        gather(&s->x[0], (int)(token / w), (int)(token % w), patches + (size_t)r * (size_t)s->weight->in);
    }
    put(s, &t, s->extra->w + t.first * (size_t)s->extra->in, (size_t)s->extra->in);
    multiply(k->dev, s, i, patches, ck_nn_at(&s->y, t.first), t.scratch + gathered(s), who);
}

void ck_cpu_patch(ck_nn *dev, const ck_nn_step *s)
{
    ck_cpu_parallel(dev, s, tiles(s), patch_task);
}
