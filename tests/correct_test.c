/* A network's matte as a correction of the key (model/correct.h). */
#include <string.h>

#include "base/mem.h"
#include "model/correct.h"
#include "row.h"
#include "tap.h"

#define N 8

/* From a picture so large that a cell is smaller than a pixel: the bounds alone, at corners and by hand. */
static void bounds(void)
{
    /* both nothing, both all, both a half, both a half and near, 0.2 and 0.2; against each other: in the midst, near
     * the key, near the hint */
    float hint[N] = {0, 1, 0.5f, 0.5f, 0.2f, 0, 0, 1}, key[N] = {0, 1, 0.5f, 0.5f, 0.2f, 1, 1, 0.5f};
    float alpha[N] = {1, 0, 0, 0.6f, 1, 0.3f, 0.92f, 0.96f}, again[N] = {1, 0, 0, 0.6f, 1, 0.3f, 0.92f, 0.96f};
    const float wanted[N] = {0, 1, 0.25f, 0.6f, 0.2f + 4 * 0.25f * 0.2f * 0.8f, 1 - (0.7f - 0.25f) / 0.5f, 1, 1};
    const float alone[N] = {0, 1, 0.25f, 0.6f, 0.36f, 0, 0, 1};
    ck_plane h = row(hint, CK_F32, N, "hint"), k = row(key, CK_F32, N, "key"), a = row(alpha, CK_F32, N, "alpha"),
             b = row(again, CK_F32, N, "alpha");
    ck_error e;
    ok(ck_correct(&h, &k, 1024, 1024, 0.25f, &a, &e) == CK_OK && worst(alpha, wanted, N) < 1e-6f, "bounds by hand");
    ok(ck_correct(&h, NULL, 1024, 1024, 0.25f, &b, &e) == CK_OK && worst(again, alone, N) < 1e-6f,
       "a hint alone agrees with itself");
}

/* 96 pixels from a picture of 64: a cell is 6 wide, 7 with its middle.  Runs of 6 go and runs of 8 stay, of either
 * sign, also where two of them meet. */
static void widths(void)
{
    enum { W = 96 };
    float key[W], alpha[W], wanted[W];
    for (int x = 0; x < W; x++) {
        bool wide = (x >= 10 && x < 18) || (x >= 60 && x < 68), thin = (x >= 30 && x < 36) || (x >= 82 && x < 88);
        float d = x < 50 ? 0.2f : -0.3f;
        key[x] = 0.5f;
        alpha[x] = key[x] + (wide || thin ? d : 0);
        wanted[x] = key[x] + (wide ? d : 0);
    }
    for (int x = 68; x < 76; x++)
        alpha[x] = wanted[x] = 0.6f;
    ck_plane k = row(key, CK_F32, W, "hint"), a = row(alpha, CK_F32, W, "alpha");
    ck_error e;
    ok(ck_correct(&k, NULL, 64, 64, 1, &a, &e) == CK_OK && worst(alpha, wanted, W) < 1e-6f,
       "what is thinner than a cell goes: %.1e off", (double)worst(alpha, wanted, W));
}

static void strange(void)
{
    float hint[N] = {-0.1f, -3, 2, 1e30f, -1e30f, 0.5f, 0, 1};
    float alpha[N] = {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f};
    ck_plane h = row(hint, CK_F32, N, "hint"), a = row(alpha, CK_F32, N, "alpha");
    ck_error e;
    const float wanted[N] = {0, 0, 1, 1, 0, 0.5f, 0, 1};
    ok(ck_correct(&h, NULL, 1024, 1024, 1, &a, &e) == CK_OK && worst(alpha, wanted, N) == 0,
       "values outside 0…1 count as the nearest");
    hint[3] = NAN;
    ok(ck_correct(&h, NULL, 1024, 1024, 1, &a, &e) == CK_ERR_FORMAT && strstr(e.text, "'hint' is not finite"), "%s",
       e.text);
    h.type = CK_OTHER;
    ok(ck_correct(&h, NULL, 1024, 1024, 1, &a, &e) == CK_ERR_ARGUMENT, "a hint of a strange type is refused");
}

int main(void)
{
    bounds();
    widths();
    strange();
    ck_pool_trim();
    return done_testing();
}
