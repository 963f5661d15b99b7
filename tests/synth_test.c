/* Synthetic shots: deterministic, in range, and in front of a screen. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ck-synth/synth.h"
#include "tap.h"

typedef struct shot {
    uint8_t *rgb;
    float *alpha, *fg;
    size_t n;
} shot;

/* One sample more than needed, to detect writes past the end. */
static shot draw(int w, int h, uint64_t seed, bool blue, int t)
{
    shot s = {.n = (size_t)w * (size_t)h};
    ck_error e;
    s.rgb = malloc(3 * s.n + 1);
    s.alpha = malloc((s.n + 1) * sizeof(float));
    s.fg = malloc((3 * s.n + 1) * sizeof(float));
    s.rgb[3 * s.n] = 77;
    s.alpha[s.n] = s.fg[3 * s.n] = 77;
    ck_synth k = {w, h, seed, blue};
    ck_status st = ck_synth_draw(&k, t, s.rgb, s.alpha, s.fg, &e);
    ok(st == CK_OK && s.rgb[3 * s.n] == 77 && s.alpha[s.n] == 77 && s.fg[3 * s.n] == 77, "%d x %d, seed %d, frame %d",
       w, h, (int)seed, t);
    return s;
}

static void drop(shot s)
{
    free(s.rgb);
    free(s.alpha);
    free(s.fg);
}

static void ranges(const shot *s)
{
    bool good = true;
    size_t solid = 0, clear = 0;
    for (size_t i = 0; i < s->n; i++) {
        good &= s->alpha[i] >= 0 && s->alpha[i] <= 1;
        solid += s->alpha[i] > 0.999f;
        clear += s->alpha[i] == 0;
        for (int b = 0; b < 3; b++)
            good &= isfinite(s->fg[(size_t)b * s->n + i]) && s->fg[(size_t)b * s->n + i] >= 0;
    }
    ok(good, "alpha is in 0…1, the foreground finite and not negative");
    ok(solid > s->n / 20 && clear > s->n / 4 && solid + clear < s->n, "subject, screen, and something between");
}

/* The screen's own channel is the largest where nothing covers it. */
static void screen(const shot *s, int channel, const char *name)
{
    size_t clear = 0, right = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->alpha[i] > 0)
            continue;
        const uint8_t *p = s->rgb + i;
        uint8_t v[3] = {p[0], p[s->n], p[2 * s->n]};
        clear++;
        right += v[channel] > v[(channel + 1) % 3] && v[channel] > v[(channel + 2) % 3];
    }
    /* Grain may affect a pixel of a dark marker, no more. */
    ok(right > clear * 99 / 100, "%s screen: %zu of %zu clear pixels", name, right, clear);
}

static bool same(const shot *a, const shot *b)
{
    return !memcmp(a->rgb, b->rgb, 3 * a->n) && !memcmp(a->alpha, b->alpha, a->n * sizeof(float));
}

int main(void)
{
    shot a = draw(160, 90, 5, false, 3), again = draw(160, 90, 5, false, 3), later = draw(160, 90, 5, false, 4);
    shot other = draw(160, 90, 6, false, 3), blue = draw(160, 90, 5, true, 3);
    ok(same(&a, &again), "the same seed and frame give the same bytes");
    ok(!same(&a, &later), "the next frame moves");
    ok(!same(&a, &other), "another seed is another shot");
    ranges(&a);
    ranges(&blue);
    screen(&a, 1, "green");
    screen(&blue, 2, "blue");
    drop(a);
    drop(again);
    drop(later);
    drop(other);
    drop(blue);
    drop(draw(17, 33, 1, false, 0));
    drop(draw(16, 16, 2, true, 9));
    ck_pool_trim();
    return done_testing();
}
