/* Linear layers, and the patch embedding as a product of gathered patches. */
#include <string.h>

#include "base/mem.h"
#include "nn/cpu/cpu.h"

/* Rows of a tile: the more the better for the product, but every thread of a large machine wants some. */
static int tile_rows(size_t rows)
{
    int tile = 256;
    while (tile > 32 && rows / (size_t)tile < 16)
        tile /= 2;
    return (size_t)tile > rows ? (int)rows : tile;
}

/* The patches of one tile, if any, then what oneDNN wants. */
static size_t gathered(const ck_nn_step *s)
{
    size_t rows = (size_t)tile_rows(ck_nn_pixels(&s->y));
    return s->kind == CK_NN_OP_PATCH ? ck_pad(rows * (size_t)s->weight->in * sizeof(float)) : 0;
}

static size_t per_thread(const ck_nn_step *s)
{
    return gathered(s) + cpu_product_scratch(s->prepared);
}

ck_status cpu_prepare_linear(cpu_device *d, ck_nn_step *s, size_t *scratch, ck_error *e)
{
    bool patch = s->kind == CK_NN_OP_PATCH;
    cpu_product *p = NULL;
    size_t rows = ck_nn_pixels(&s->y);
    ck_status st = cpu_product_new(d,
                                   &(cpu_product_shape){.w = s->weight,
                                                        .rows = rows,
                                                        .tile = tile_rows(rows),
                                                        .ldx = patch ? s->weight->in : s->x[0].ld,
                                                        .ldy = s->y.ld,
                                                        .gelu = s->act == CK_NN_GELU,
                                                        .add = patch || ck_nn_has(&s->x[1])},
                                   &p, e);
    s->prepared = p;
    if (st == CK_OK)
        *scratch = (size_t)ck_team_size(d->team) * per_thread(s);
    return st;
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

/* What is added is put into y first, unless it is there already. */
static void put(const ck_nn_step *s, const tile *t, const float *from, size_t ld)
{
    for (int r = 0; r < t->rows; r++)
        memcpy(cpu_at(&s->y, t->first + (size_t)r), from + (size_t)r * ld, (size_t)s->y.c * sizeof *from);
}

static void linear_task(void *call, int i, int who)
{
    const cpu_call *k = call;
    const ck_nn_step *s = k->s;
    tile t = tile_of(s, i, who);
    if (ck_nn_has(&s->x[1]) && s->x[1].data != s->y.data)
        put(s, &t, cpu_at(&s->x[1], t.first), (size_t)s->x[1].ld);
    cpu_product_run(k->dev, s->prepared, i, cpu_at(&s->x[0], t.first), cpu_at(&s->y, t.first), t.scratch, who);
}

void cpu_linear(ck_nn *dev, const ck_nn_step *s)
{
    cpu_parallel(dev, s, cpu_product_tiles(s->prepared), linear_task);
}

/* One token's 7x7 pixels as the weights lie: [channel][tap], zeros outside. */
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
    const cpu_call *k = call;
    const ck_nn_step *s = k->s;
    tile t = tile_of(s, i, who);
    float *patches = (float *)t.scratch;
    for (int r = 0; r < t.rows; r++) {
        size_t token = t.first + (size_t)r, w = (size_t)s->y.w;
        gather(&s->x[0], (int)(token / w), (int)(token % w), patches + (size_t)r * (size_t)s->weight->in);
    }
    put(s, &t, s->extra->w + t.first * (size_t)s->extra->in, (size_t)s->extra->in);
    cpu_product_run(k->dev, s->prepared, i, patches, cpu_at(&s->y, t.first), t.scratch + gathered(s), who);
}

void cpu_patch(ck_nn *dev, const ck_nn_step *s)
{
    cpu_parallel(dev, s, cpu_product_tiles(s->prepared), patch_task);
}
