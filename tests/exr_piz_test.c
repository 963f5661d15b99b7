/* PIZ's parts by themselves: all kinds of symbols come back, and nothing that is not a code does any harm.  That other
 * programs understand it is for exr_test and still_tools. */
#include "files.h"
#include "io/exr_huf.h"
#include "io/exr_wavelet.h"
#include "tap.h"

static ck_huf *huf;

/* The bytes it took, 0 when it did not come back. */
static size_t there_and_back(const uint16_t *in, size_t n)
{
    size_t room = 4 * n + 100000;
    uint8_t *packed = malloc(room);
    uint16_t *out = malloc(n * sizeof *out);
    size_t bytes = ck_huf_encode(huf, in, n, packed, room);
    bool good = bytes && ck_huf_decode(huf, packed, bytes, out, n) && !memcmp(in, out, n * sizeof *in);
    /* With less room it says so and stays within it, which the sanitizer watches. */
    uint8_t *tight = malloc(bytes);
    good = good && ck_huf_encode(huf, in, n, tight, bytes / 2) == 0 && ck_huf_encode(huf, in, n, tight, bytes) <= bytes;
    free(tight);
    free(packed);
    free(out);
    return good ? bytes : 0;
}

static void test_symbols(void)
{
    enum { N = 200000 };
    static uint16_t in[N];
    ok(there_and_back(in, 1), "one symbol");
    ok(there_and_back(in, 2) && there_and_back(in, 255) && there_and_back(in, 256) && there_and_back(in, 257) &&
           there_and_back(in, 258),
       "runs as long as the count goes, and longer");
    size_t bytes = there_and_back(in, N);
    /* Two codes of one bit and a count of 8 for every 256 symbols: 977 bytes, and head and table. */
    ok(bytes && bytes < 977 + 40, "a flat picture of %d in %zu bytes", N, bytes);
    for (int i = 0; i < N; i++)
        in[i] = 65535;
    ok(there_and_back(in, N), "the largest symbol alone");
    for (int i = 0; i < N; i++)
        in[i] = (uint16_t)i;
    ok(there_and_back(in, N) && there_and_back(in, 65536), "every symbol");
    for (int i = 0; i < N; i++)
        in[i] = (uint16_t)(noise() % 3 ? noise() % 1000 : 40000);
    bytes = there_and_back(in, N);
    ok(bytes, "two thirds noise of a thousand values: %zu bytes", bytes);
    for (int i = 0; i < N; i++)
        in[i] = (uint16_t)(i / 3 % 7 * 9000);
    ok(there_and_back(in, N), "short runs, wide gaps");

    /* Fibonacci's frequencies give the longest codes: 34 symbols, F(34) - 1 = 9227464 of them, 33 bits. */
    size_t n = 0, f[2] = {1, 1};
    uint16_t *deep = malloc(9300000 * sizeof *deep);
    for (uint16_t s = 0; s < 33; s++) {
        for (size_t k = 0; k < f[0]; k++)
            deep[n++] = (uint16_t)(100 + s);
        size_t next = f[0] + f[1];
        f[0] = f[1];
        f[1] = next;
    }
    for (size_t i = n; i > 1; i--) { /* shuffled, so that it is not all runs */
        size_t j = ((size_t)noise() << 8 ^ noise()) % i;
        uint16_t swap = deep[i - 1];
        deep[i - 1] = deep[j];
        deep[j] = swap;
    }
    ok(there_and_back(deep, n), "codes of %d bits, longer than the fast paths take", 33);
    free(deep);
}

static void test_garbage(void)
{
    enum { N = 3000, TURNS = 20000 };
    uint16_t in[N], out[N];
    uint8_t packed[20000], bad[20000];
    for (int i = 0; i < N; i++)
        in[i] = (uint16_t)(noise() % 5 ? noise() % 200 : 7);
    size_t bytes = ck_huf_encode(huf, in, N, packed, sizeof packed);
    int cut = 0;
    for (size_t i = 0; i < bytes; i++) {
        uint8_t *exact = malloc(i ? i : 1); /* so that reading beyond is noticed */
        memcpy(exact, packed, i);
        cut += ck_huf_decode(huf, exact, i, out, N);
        free(exact);
    }
    ok(bytes && !cut, "cut anywhere it fails");
    ok(ck_huf_decode(huf, packed, bytes, out, N) && !ck_huf_decode(huf, packed, bytes, (uint16_t *)bad, N + 1),
       "one symbol more than there is: fails");
    int refused = 0;
    for (int t = 0; t < TURNS; t++) {
        memcpy(bad, packed, bytes);
        for (uint32_t k = 1 + noise() % 4; k--;)
            bad[noise() % (t % 2 ? bytes : 400)] = (uint8_t)noise();
        uint8_t *exact = malloc(bytes);
        memcpy(exact, bad, bytes);
        refused += !ck_huf_decode(huf, exact, bytes, out, N);
        free(exact);
    }
    ok(refused > 0, "%d of %d changed streams are refused, none does harm", refused, TURNS);
    for (int t = 0; t < TURNS; t++) {
        size_t n = 20 + noise() % 200;
        uint8_t *exact = malloc(n);
        for (size_t i = 0; i < n; i++)
            exact[i] = (uint8_t)noise();
        for (size_t i = 0; i < 20; i++) /* a head that is not refused at once */
            exact[i] = i % 4 > 1 || i >= 16 ? 0 : exact[i] & (i % 4 ? 3 : 255);
        (void)ck_huf_decode(huf, exact, n, out, N);
        free(exact);
    }
    ok(true, "nor does noise");
}

/* The textbook's own words for one level of one pair, to hold the 16-bit arithmetic against. */
static void plain_pair(bool wide, int *a, int *b)
{
    if (!wide) {
        int mean = (int16_t)*a + (int16_t)*b, diff = (int16_t)*a - (int16_t)*b;
        *a = (mean >= 0 ? mean / 2 : -((-mean + 1) / 2)) & 65535;
        *b = diff & 65535;
        return;
    }
    int up = (*a + 32768) % 65536, mean = (up + *b) / 2, diff = up - *b;
    if (diff < 0)
        mean = (mean + 32768) % 65536;
    *a = mean;
    *b = diff & 65535;
}

static void test_wavelet(void)
{
    static const int sizes[][2] = {{1, 1}, {2, 1},   {1, 2},   {2, 2},    {3, 3},
                                   {5, 4}, {16, 16}, {31, 33}, {257, 32}, {70, 5}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int words = 1; words <= 2; words++)
            for (int wide = 0; wide < 2; wide++) {
                int w = sizes[i][0], h = sizes[i][1], n = w * h * words;
                uint16_t *a = malloc((size_t)n * 2), *b = malloc((size_t)n * 2);
                for (int k = 0; k < n; k++)
                    a[k] = b[k] = (uint16_t)(noise() % (wide ? 65536 : 16384));
                ck_wavelet(a, w, h, words, wide ? 65535 : 16383);
                bool moved = n <= words || memcmp(a, b, (size_t)n * 2);
                ck_wavelet_inverse(a, w, h, words, wide ? 65535 : 16383);
                ok(!memcmp(a, b, (size_t)n * 2) && (moved || w == 1 || h == 1), "wavelet %d x %d x %d%s there and back",
                   w, h, words, wide ? ", wide" : "");
                free(a);
                free(b);
            }
    int wrong = 0;
    for (int t = 0; t < 200000; t++) {
        bool wide = t % 2;
        int v[4];
        uint16_t q[4];
        for (int k = 0; k < 4; k++)
            q[k] = (uint16_t)(v[k] = (int)(noise() % (wide ? 65536 : 16384)));
        ck_wavelet(q, 2, 2, 1, wide ? 65535 : 100);
        plain_pair(wide, &v[0], &v[1]);
        plain_pair(wide, &v[2], &v[3]);
        plain_pair(wide, &v[0], &v[2]);
        plain_pair(wide, &v[1], &v[3]);
        for (int k = 0; k < 4; k++)
            wrong += v[k] != q[k];
    }
    ok(!wrong, "a block of four as the plain formula has it");
}

int main(void)
{
    huf = ck_huf_new();
    test_symbols();
    test_garbage();
    test_wavelet();
    free(huf);
    return done_testing();
}
