/* The choice of tiles to refine, and the distance of two frames' histograms. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "greenformer/histogram.h"
#include "greenformer/tile_select.h"
#include "tap.h"

#define H 160
#define W 224
#define ACROSS (W / 32)
#define BLOCKS (H / 32 * ACROSS)

static float logits[H / 4][W / 4], hint[H / 4][W / 4];
static unsigned char blocks[BLOCKS];

static void fill(float (*v)[W / 4], float value)
{
    for (int y = 0; y < H / 4; y++)
        for (int x = 0; x < W / 4; x++)
            v[y][x] = value;
}

/* True if exactly those blocks are selected whose tile, grown by the margin, contains the pixels of sample (y, x). */
static bool expected(const ck_tile_select *p, int y, int x)
{
    for (int b = 0; b < BLOCKS; b++) {
        int ty = b / ACROSS * 32 / p->tile * p->tile, tx = b % ACROSS * 32 / p->tile * p->tile;
        bool inside = 4 * y >= ty - p->margin && 4 * y < ty + p->tile + p->margin && 4 * x >= tx - p->margin &&
                      4 * x < tx + p->tile + p->margin;
        if (inside != (blocks[b] != 0))
            return false;
    }
    return true;
}

static void one_sample(float (*v)[W / 4], float decided, float undecided, const char *what)
{
    static const int sides[] = {32, 64, 96, 128, 512}, margins[] = {4, 16, 32, 64};
    bool good = true;
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
        for (size_t j = 0; j < sizeof margins / sizeof *margins; j++)
            for (int y = 0; y < H / 4; y += 3)
                for (int x = 0; x < W / 4; x += 5) {
                    ck_tile_select p = {H, W, sides[i], margins[j], 0.02, 0.98};
                    v[y][x] = undecided;
                    ck_tile_select_undecided(&p, logits[0], hint[0], blocks);
                    good = good && expected(&p, y, x);
                    v[y][x] = decided;
                }
    ok(good, "%s: the tiles around it, no others", what);
}

static void undecided(void)
{
    ck_tile_select p = {H, W, 64, 4, 0.02, 0.98};
    fill(logits, -9);
    fill(hint, 0);
    ck_tile_select_undecided(&p, logits[0], hint[0], blocks);
    ok(ck_tile_select_all(&p) == BLOCKS && ck_tile_select_count(&p, blocks) == 0,
       "nothing is in doubt: nothing is refined");
    one_sample(logits, -9, 0, "a coarse sample in doubt");
    one_sample(logits, -9, 9, "a coarse sample that differs");
    one_sample(logits, -9, NAN, "a coarse sample that is no number");
    one_sample(hint, 0, 0.5f, "a hint in doubt");
    one_sample(hint, 0, 1, "a hint that contradicts");
    fill(logits, 9);
    ck_tile_select_undecided(&p, logits[0], hint[0], blocks);
    ok(ck_tile_select_count(&p, blocks) == BLOCKS, "hint and coarse matte contradict each other everywhere: all");
    ck_tile_select_undecided(&p, logits[0], NULL, blocks);
    ok(ck_tile_select_count(&p, blocks) == 0, "without a hint the coarse matte decides");
    p.lo = 0;
    p.hi = 1;
    ck_tile_select_undecided(&p, logits[0], NULL, blocks);
    ok(ck_tile_select_count(&p, blocks) == BLOCKS, "a band from 0 to 1: all");
    p.lo = 0.3;
    p.hi = 0.7;
    fill(logits, logf(0.31f / 0.69f));
    ck_tile_select_undecided(&p, logits[0], NULL, blocks);
    int in = ck_tile_select_count(&p, blocks);
    fill(logits, logf(0.29f / 0.71f));
    ck_tile_select_undecided(&p, logits[0], NULL, blocks);
    ok(in == BLOCKS && ck_tile_select_count(&p, blocks) == 0, "the band is one of coverage, not of logits");
}

static void mapped(void)
{
    ck_error e;
    unsigned char map[64 * 64] = {0};
    ck_tile_select p = {.h = H, .w = W};
    ck_plane m = {.name = "refine_map", .type = CK_U8, .elem = 1, .c = 1, .h = H / 32, .w = ACROSS, .data = map};
    bool good = true;
    for (int i = 0; i < BLOCKS; i++) {
        memset(map, 0, sizeof map);
        map[i] = 1;
        good = ck_tile_select_mapped(&p, &m, blocks, &e) == CK_OK && !memcmp(map, blocks, BLOCKS) && good;
    }
    ok(good, "a map of a sample a block: just that block");
    m.h = m.w = 1;
    map[0] = 255;
    ok(ck_tile_select_mapped(&p, &m, blocks, &e) == CK_OK && ck_tile_select_count(&p, blocks) == BLOCKS,
       "a map of one sample: all");
    /* 3 rows over 5 blocks: block 1 covers 32 to 63 of 160, rows 0.6 to 1.2, so rows 0 and 1. */
    memset(map, 0, sizeof map);
    m.h = 3;
    map[1] = 9;
    ck_tile_select_mapped(&p, &m, blocks, &e);
    ok(!blocks[0] && blocks[ACROSS] && blocks[2 * ACROSS] && blocks[3 * ACROSS] && !blocks[4 * ACROSS],
       "a coarser map: every block that a sample covers some of");
    float fine[300 * 300] = {0};
    m = (ck_plane){.name = "refine_map", .type = CK_F32, .elem = 4, .c = 1, .h = 300, .w = 300, .data = fine};
    fine[299 * 300 + 299] = 1e-9f;
    fine[0] = -1;
    ck_tile_select_mapped(&p, &m, blocks, &e);
    ok(ck_tile_select_count(&p, blocks) == 1 && blocks[BLOCKS - 1], "a finer map of floats: what is above 0");
    m.c = 3;
    ok(ck_tile_select_mapped(&p, &m, blocks, &e) == CK_ERR_ARGUMENT, "refused: %s", e.text);
    m.c = 1;
    m.type = CK_OTHER;
    ok(ck_tile_select_mapped(&p, &m, blocks, &e) == CK_ERR_ARGUMENT, "refused: %s", e.text);
}

static void looks(void)
{
    static float a[3 * H * W], b[3 * H * W];
    uint32_t seed = 4;
    fill(logits, -3);
    for (size_t i = 0; i < 3 * H * W; i++)
        a[i] = b[i] = rnd_float(&seed, -2, 2);
    ck_histogram at = ck_histogram_of(a, logits[0], H, W), to = ck_histogram_of(b, logits[0], H, W);
    ok(ck_histogram_distance(&at, &to) == 0, "a frame looks like itself");
    for (size_t i = 0; i < H * W; i++)
        b[H * W + i] = 2;
    to = ck_histogram_of(b, logits[0], H, W);
    double d = ck_histogram_distance(&at, &to);
    /* A uniform channel over 4 of the bins' 4.9 leaves about one sample in 26 in its bin. */
    ok(d > 0.9 && d <= 1, "another green: %.3f", d);
    ok(ck_histogram_distance(&to, &at) == d, "either way");
    /* Shifted by a block: every fourth pixel of every fourth row changes places only. */
    for (size_t c = 0; c < 3; c++)
        for (size_t y = 0; y < H; y++)
            for (size_t x = 0; x < W; x++)
                b[(c * H + y) * W + x] = a[(c * H + (y + 32) % H) * W + (x + 32) % W];
    to = ck_histogram_of(b, logits[0], H, W);
    ok(ck_histogram_distance(&at, &to) < 1e-9, "the same in other places: %.1e", ck_histogram_distance(&at, &to));
    fill(logits, 3);
    to = ck_histogram_of(a, logits[0], H, W);
    d = ck_histogram_distance(&at, &to);
    ok(d > 0.999 && d < 1.001, "another coarse matte alone: %.3f", d);
    a[0] = NAN;
    a[4] = INFINITY;
    to = ck_histogram_of(a, logits[0], H, W);
    ok(isfinite(ck_histogram_distance(&at, &to)), "values that are no numbers fall into a bin too");
}

int main(void)
{
    undecided();
    mapped();
    looks();
    return done_testing();
}
