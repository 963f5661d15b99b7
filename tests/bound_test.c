/* A matte kept near what hint and key agree on (model/bound.h). */
#include <math.h>

#include "base/mem.h"
#include "model/bound.h"
#include "tap.h"

#define N 6

static ck_plane row(float *data, const char *name)
{
    ck_plane p = {.type = CK_F32, .elem = 4, .c = 1, .h = 1, .w = N, .bytes = N * sizeof(float), .data = data};
    snprintf(p.name, sizeof p.name, "%s", name);
    snprintf(p.type_name, sizeof p.type_name, "f32");
    return p;
}

static float worst(const float *a, const float *b)
{
    float most = 0;
    for (int i = 0; i < N; i++)
        most = fabsf(a[i] - b[i]) > most ? fabsf(a[i] - b[i]) : most;
    return most;
}

/* The formula at corners and by hand; `wanted` after the bound 0.25. */
static void by_hand(void)
{
    /* both nothing, both all, both a half, both a half and near, 0.2 and 0.2, against each other */
    float hint[N] = {0, 1, 0.5f, 0.5f, 0.2f, 0}, key[N] = {0, 1, 0.5f, 0.5f, 0.2f, 1};
    float alpha[N] = {1, 0, 0, 0.6f, 1, 0.3f};
    const float wanted[N] = {0, 1, 0.25f, 0.6f, 0.2f + 4 * 0.25f * 0.2f * 0.8f, 0.3f};
    ck_plane h = row(hint, "hint"), k = row(key, "key"), a = row(alpha, "alpha");
    ck_error e;
    ok(ck_bound(&h, &k, 0.25f, &a, &e) == CK_OK && worst(alpha, wanted) < 1e-6f, "by hand: %.1e off",
       worst(alpha, wanted));
    float again[N] = {1, 0, 0, 0.6f, 1, 0.3f};
    const float alone[N] = {0, 1, 0.25f, 0.6f, 0.36f, 0};
    a = row(again, "alpha");
    ok(ck_bound(&h, NULL, 0.25f, &a, &e) == CK_OK && worst(again, alone) < 1e-6f, "a hint alone agrees with itself");
}

static void strange(void)
{
    float hint[N] = {NAN, -3, 2, INFINITY, -INFINITY, 0.5f}, alpha[N] = {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f};
    ck_plane h = row(hint, "hint"), a = row(alpha, "alpha");
    ck_error e;
    const float wanted[N] = {0, 0, 1, 1, 0, 0.5f};
    ok(ck_bound(&h, NULL, 1, &a, &e) == CK_OK && worst(alpha, wanted) == 0, "values outside 0…1 count as the nearest");
    h.type = CK_OTHER;
    ok(ck_bound(&h, NULL, 1, &a, &e) == CK_ERR_ARGUMENT, "a hint of a strange type is refused");
}

int main(void)
{
    by_hand();
    strange();
    ck_pool_trim();
    return done_testing();
}
