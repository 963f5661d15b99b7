#include "greenformer/tile_select.h"

#include <math.h>
#include <string.h>

#include "image/convert.h"
#include "greenformer/input.h"
#include "nn/nn.h"

int ck_tile_select_all(const ck_tile_select *p)
{
    return ck_nn_blocks(p->h) * ck_nn_blocks(p->w);
}

int ck_tile_select_count(const ck_tile_select *p, const unsigned char *blocks)
{
    int n = 0;
    for (int i = 0; i < ck_tile_select_all(p); i++)
        n += blocks[i] != 0;
    return n;
}

typedef struct box {
    int y0, x0, y1, x1;
} box;

/* Scan a box: *low becomes false if a sample is above lo, *high if one is below hi, both for NaN. */
static void look(const float *v, int w, const box *b, double lo, double hi, bool *low, bool *high)
{
    for (int y = b->y0; y < b->y1; y++)
        for (int x = b->x0; x < b->x1; x++) {
            double s = (double)v[(size_t)y * (size_t)w + (size_t)x];
            *low = *low && s <= lo;
            *high = *high && s >= hi;
        }
}

static double logit(double p)
{
    return log(p / (1 - p));
}

static int clamp(int v, int n)
{
    return v < 0 ? 0 : v > n ? n : v;
}

static void mark(const ck_tile_select *p, unsigned char *blocks, int y0, int x0, bool value)
{
    int across = ck_nn_blocks(p->w), down = ck_nn_blocks(p->h), side = p->tile / CK_NN_BLOCK;
    for (int y = y0 / CK_NN_BLOCK; y < y0 / CK_NN_BLOCK + side && y < down; y++)
        for (int x = x0 / CK_NN_BLOCK; x < x0 / CK_NN_BLOCK + side && x < across; x++)
            blocks[y * across + x] = value;
}

void ck_tile_select_undecided(const ck_tile_select *p, const float *alpha_logits, const float *hint,
                              unsigned char *blocks)
{
    int h = p->h / CK_LOGIT_STRIDE, w = p->w / CK_LOGIT_STRIDE;
    double lo = logit(p->lo), hi = logit(p->hi);
    for (int y = 0; y < p->h; y += p->tile)
        for (int x = 0; x < p->w; x += p->tile) {
            box b = {clamp((y - p->margin) / CK_LOGIT_STRIDE, h), clamp((x - p->margin) / CK_LOGIT_STRIDE, w),
                     clamp((y + p->tile + p->margin) / CK_LOGIT_STRIDE, h),
                     clamp((x + p->tile + p->margin) / CK_LOGIT_STRIDE, w)};
            bool low = true, high = true;
            look(alpha_logits, w, &b, lo, hi, &low, &high);
            if (hint)
                look(hint, w, &b, p->lo, p->hi, &low, &high);
            mark(p, blocks, y, x, !low && !high);
        }
}

/* Range of rows (or columns) of a map of m that block i of n pixels touches. */
static void covered(int i, int n, int m, int *from, int *end)
{
    long y0 = (long)i * CK_NN_BLOCK, y1 = y0 + CK_NN_BLOCK < n ? y0 + CK_NN_BLOCK : n;
    *from = (int)(y0 * m / n);
    *end = (int)((y1 * m + n - 1) / n);
}

static bool marked(const ck_plane *map, const box *b)
{
    float v[256];
    for (int y = b->y0; y < b->y1; y++)
        for (int x = b->x0, n; x < b->x1; x += n) {
            n = b->x1 - x < 256 ? b->x1 - x : 256;
            size_t at = (size_t)y * (size_t)map->w + (size_t)x;
            ck_to_f32((const uint8_t *)map->data + at * map->elem, map->type, v, (size_t)n);
            for (int i = 0; i < n; i++)
                if (v[i] > 0)
                    return true;
        }
    return false;
}

ck_status ck_tile_select_mapped(const ck_tile_select *p, const ck_plane *map, unsigned char *blocks, ck_error *e)
{
    if (map->type == CK_OTHER || map->c != 1)
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "plane '%s' has %d channels of type %s: refine_map needs one of u8, u16, f16 or f32", map->name,
                       map->c, map->type_name);
    int across = ck_nn_blocks(p->w);
    for (int i = 0; i < ck_tile_select_all(p); i++) {
        box b;
        covered(i / across, p->h, map->h, &b.y0, &b.y1);
        covered(i % across, p->w, map->w, &b.x0, &b.x1);
        blocks[i] = marked(map, &b);
    }
    return CK_OK;
}
