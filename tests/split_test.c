/* Positions and weights of tiles (greenformer/split.h). */
#include <math.h>
#include <stdlib.h>

#include "greenformer/input.h"
#include "greenformer/split.h"
#include "tap.h"

/* Tiles cover the axis, begin on the grid, and advance by at most side - overlap. */
static bool covers(const ck_split_axis *a, int side, int overlap, int length)
{
    bool good = a->side == (side < length ? side : length) && a->at[0] == 0 && a->at[a->n - 1] + a->side == length;
    for (int i = 1; i < a->n; i++) {
        int step = a->at[i] - a->at[i - 1];
        good = good && step > 0 && step % CK_SPLIT_GRID == 0 && (i == a->n - 1 || step == side - overlap) &&
               step <= side - overlap;
    }
    return good;
}

/* Weights at every logit of the axis: their least, and the largest distance of their sum from 1. */
static void sums(const ck_split_axis *a, int length, double *least, double *off)
{
    int n = a->side / CK_LOGIT_STRIDE;
    *least = 1;
    *off = 0;
    for (int x = 0; x < length / CK_LOGIT_STRIDE; x++) {
        double sum = 0;
        for (int i = 0; i < a->n; i++) {
            int k = x - a->at[i] / CK_LOGIT_STRIDE;
            if (k < 0 || k >= n)
                continue;
            double w = (double)a->weight[i * n + k];
            sum += w;
            *least = w < *least ? w : *least;
        }
        *off = fmax(*off, fabs(sum - 1));
    }
}

static void axis(int side, int overlap, int length, int tiles)
{
    ck_split s;
    ck_error e;
    double least, off;
    bool good = ck_split_open(&s, side, overlap, 32, length, &e) == CK_OK && s.on;
    ok(good && s.x.n == tiles && covers(&s.x, side, overlap, length),
       "%d in tiles of %d, overlapping by %d: %d of them", length, side, overlap, tiles);
    if (good) {
        sums(&s.x, length, &least, &off);
        ok(least > 0, "every weight is above 0: from %g on", least);
        /* Each weight is rounded once to float32: at most 2^-25 for weights up to 1. */
        ok(off <= s.x.n * ldexp(1, -25), "they sum to 1 within %.1e", off);
        ok(s.x.weight[0] == 1 && s.x.weight[s.x.n * s.x.side / CK_LOGIT_STRIDE - 1] == 1,
           "the border has its full weight");
    }
    ck_split_close(&s);
}

/* Overlap 32: eight logits in two tiles, with weights 1/16, 3/16, ... 15/16. */
static void ramps(void)
{
    ck_split s;
    ck_error e;
    bool good = ck_split_open(&s, 96, 32, 96, 160, &e) == CK_OK && s.x.n == 2 && s.y.n == 1;
    for (int k = 0; good && k < 8; k++)
        good = s.x.weight[16 + k] == (float)(15 - 2 * k) / 16 && s.x.weight[24 + k] == (float)(1 + 2 * k) / 16;
    ok(good, "linear ramps");
    for (int k = 0; good && k < 16; k++)
        good = s.x.weight[k] == 1 && s.x.weight[24 + 8 + k] == 1;
    ok(good, "1 where one tile is alone");
    for (int k = 0; good && k < 24; k++)
        good = s.y.weight[k] == 1;
    ok(good, "1 along an axis with one tile");
    ck_split_close(&s);
    /* The last tile is moved inwards: an overlap of 64 with the ramps of 32 at its ends. */
    good = ck_split_open(&s, 96, 32, 96, 128, &e) == CK_OK && s.x.n == 2 && s.x.at[1] == 32;
    ok(good && s.x.weight[8] == 8 / 8.5f && s.x.weight[24] == 0.5f / 8.5f, "a longer overlap begins with a ramp");
    ok(good && s.x.weight[16] == 7.5f / 15.5f && s.x.weight[23] == 0.5f / 8.5f, "and ends with one");
    ck_split_close(&s);
}

static void off(int side, int h, int w)
{
    ck_split s;
    ck_error e;
    ok(ck_split_open(&s, side, 32, h, w, &e) == CK_OK && !s.on && !s.x.at, "%d x %d in tiles of %d: off", w, h, side);
    ck_split_close(&s);
}

int main(void)
{
    axis(96, 32, 128, 2);
    axis(96, 32, 160, 2);
    axis(96, 32, 192, 3);
    axis(512, 64, 1024, 3);
    axis(1024, 128, 2048, 3);
    axis(512, 64, 16384, 37);
    axis(512, 448, 1056, 10); /* many tiles at each logit */
    axis(16352, 32, 16384, 2);
    ramps();
    off(0, 512, 512);
    off(512, 512, 512);
    off(544, 512, 96);
    ck_split s;
    ck_error e;
    ok(ck_split_open(&s, 96, 32, 512, 500, &e) == CK_ERR_ARGUMENT, "a picture of 500 x 512: %s", e.text);
    ck_split_close(&s);
    return done_testing();
}
