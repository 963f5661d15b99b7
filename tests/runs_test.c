/* Deflate of frequencies and runs: zlib inflates every stream to what went in. */
#include "io/runs.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "tap.h"

enum { MOST = 600000 };
static uint8_t data[MOST], packed[2 * MOST + 4096], back[MOST + 1];

static uint64_t seed = 1;

static uint32_t noise(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

/* n bytes of data, in blocks of `block`: the size of the stream, or 0 if it is damaged or a block exceeds its bound. */
static size_t stream(size_t n, size_t block)
{
    ck_runs r = {0};
    size_t at = 0;
    for (size_t i = 0; i < n; i += block) {
        size_t k = n - i < block ? n - i : block, got = ck_runs_block(&r, data + i, k, i + k == n, packed + at);
        if (got > ck_runs_bound(k))
            return 0;
        at += got;
    }
    z_stream z = {.next_in = packed, .avail_in = (uInt)at, .next_out = back, .avail_out = (uInt)n + 1};
    bool good = inflateInit2(&z, -15) == Z_OK && inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_in == 0 &&
                z.total_out == n && !memcmp(back, data, n);
    inflateEnd(&z);
    return good ? at : 0;
}

static void short_ones(void)
{
    int wrong = 0;
    for (size_t n = 1; n <= 40; n++)
        for (size_t block = 1; block <= n; block++) {
            for (size_t i = 0; i < n; i++)
                data[i] = (uint8_t)(noise() % 2);
            wrong += !stream(n, block);
        }
    ok(!wrong, "1 to 40 bytes in blocks of any size");
}

static void runs(void)
{
    int wrong = 0;
    for (size_t length = 1; length <= 800; length++)
        for (int before = 0; before < 9; before++) {
            size_t n = (size_t)before + length + 11;
            for (size_t i = 0; i < n; i++)
                data[i] = (uint8_t)(i < (size_t)before || i >= (size_t)before + length ? noise() : 7);
            wrong += !stream(n, n);
        }
    ok(!wrong, "runs of 1 to 800 bytes, at any place");
    memset(data, 5, MOST);
    size_t size = stream(MOST, 100000);
    ok(size && size < MOST / 250, "a flat picture: %d bytes become %zu", MOST, size);
}

/* Byte k is `factor` times rarer than byte k + 1: codes would become longer than 14 bits. */
static void rare(double factor)
{
    double sum = 0, part[256], all = 0;
    for (int k = 0; k < 256; k++)
        sum += part[k] = k ? part[k - 1] * factor : 1;
    size_t n = 0;
    for (int k = 0; k < 256; k++)
        for (all += part[k] / sum * (MOST - 256); (double)n < all + k && n < MOST; n++)
            data[n] = (uint8_t)k;
    for (size_t i = n; i > 1; i--) { /* shuffled, so that there are no runs */
        size_t k = noise() % i;
        uint8_t was = data[k];
        data[k] = data[i - 1];
        data[i - 1] = was;
    }
    ok(stream(n, n) != 0, "bytes of very different frequencies: %.2f times, %zu bytes", factor, n);
}

static void random_ones(void)
{
    int wrong = 0;
    for (int i = 0; i < 40; i++) {
        size_t n = 1 + noise() % 100000, block = 1 + noise() % n;
        unsigned values = 1 + noise() % 256, stay = 1 + noise() % 64;
        for (size_t k = 0; k < n; k++)
            data[k] = k && noise() % stay ? data[k - 1] : (uint8_t)(noise() % values);
        wrong += !stream(n, block < 100 ? 100 : block);
    }
    ok(!wrong, "random runs in random blocks");
    for (size_t i = 0; i < MOST; i++)
        data[i] = (uint8_t)noise();
    size_t size = stream(MOST, 256 << 10);
    ok(size && size < MOST + MOST / 100, "noise grows by less than 1 %%: %zu", size);
}

int main(void)
{
    short_ones();
    runs();
    rare(1.3);
    rare(2);
    rare(3);
    random_ones();
    return done_testing();
}
