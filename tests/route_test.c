/* Tokens that attend, chosen by the hint (greenformer/route.h). */
#include <math.h>
#include <string.h>

#include "greenformer/route.h"
#include "tap.h"

enum { H = 64, W = 96 };

static float hint[H * W];

static void fill(int y0, int x0, int side, float v)
{
    for (int y = y0; y < y0 + side; y++)
        for (int x = x0; x < x0 + side; x++)
            hint[y * W + x] = v;
}

static bool listed(const ck_nn_rows *r, int n, const int *want)
{
    return r->n == n && !memcmp(r->row, want, (size_t)n * sizeof *want);
}

static void bounds(double lo, double hi, const char *want)
{
    ck_route r;
    ck_error e;
    char have[8] = "";
    memset(hint, 0, sizeof hint);
    for (int i = 0; i < 5; i++)
        fill(0, 16 * i, 16, (float)i / 4);
    bool good = ck_route_open(&r, lo, hi, H, W, &e) == CK_OK;
    ck_route_choose(&r, hint, NULL);
    for (int i = 0; good && r.on && i < r.rows[2].n && r.rows[2].row[i] < 5; i++)
        strcat(have, (const char *const[]){"0", "1", "2", "3", "4"}[r.rows[2].row[i]]);
    ok(good && !strcmp(have, want), "between %g and %g: '%s'", lo, hi, have);
    ck_route_close(&r);
}

static void lists(void)
{
    static const int stage2[] = {7, 14}, stage3[] = {0, 4};
    ck_route r;
    ck_error e;
    double share = -1;
    memset(hint, 0, sizeof hint);
    fill(16, 16, 16, 0.5f);            /* token 7 of 6 x 4; a quarter of token 0 of 3 x 2 */
    fill(32, 32, 32, 1);               /* token 4 of 3 x 2 */
    fill(32, 32, 16, 0.75f);           /* token 14 */
    hint[47 * W + 95] = 16 * 16 / 5.f; /* token 17: 0.2 */
    ck_status s = ck_route_open(&r, 0.1, 0.99, H, W, &e);
    ok(s == CK_OK && r.on && !r.rows[2].n && !r.rows[3].n, "no tokens before the first frame");
    ck_route_choose(&r, hint, &share);
    ok(r.rows[2].n == 3 && r.rows[2].row[2] == 17, "a mean, not a maximum");
    hint[47 * W + 95] = 0;
    ck_route_choose(&r, hint, &share);
    ok(listed(&r.rows[2], 2, stage2) && listed(&r.rows[3], 2, stage3), "tokens of both stages");
    ok(share == 2.0 / 24, "their share in stage 2 is %.3f", share);
    ok(!r.rows[0].n && !r.rows[1].n, "stages with windows have none");
    memset(hint, 0, sizeof hint);
    ck_route_choose(&r, hint, &share);
    ok(!r.rows[2].n && !r.rows[3].n && share == 0, "a frame leaves nothing behind for the next");
    ck_route_close(&r);
    ok(ck_route_open(&r, 0, 1, H, W, &e) == CK_OK && !r.on && !r.tokens, "0,1 is off");
    ck_route_close(&r);
}

static void texts(void)
{
    static const char *const bad[] = {"",      "0.1",      "0.9,0.1", "0.5,0.5", "-0.1,1",   "0,1.1",
                                      "nan,1", "0.1,0.9,", "a,b",     "0.1;0.9", "0.1,0.9 x"};
    double lo, hi;
    ok(ck_route_parse("0,1", &lo, &hi) && lo == 0 && hi == 1, "0,1 is read");
    ok(ck_route_parse("0.125,.5", &lo, &hi) && lo == 0.125 && hi == 0.5, "0.125,.5 is read");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!ck_route_parse(bad[i], &lo, &hi), "'%s' is not", bad[i]);
}

int main(void)
{
    bounds(0.25, 0.75, "2");
    bounds(0.24, 0.76, "123");
    bounds(0, 0.5, "01");
    bounds(0.5, 1, "34");
    bounds(0, 1, "");
    lists();
    texts();
    return done_testing();
}
