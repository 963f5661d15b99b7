/* Spilled memory: needed ranges have their contents, and idle ranges take no memory. */
#include "nn/spill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "guard.h"
#include "tap.h"

#define PAGE CK_SPILL_PAGE

/* Number of pages of the range that are in memory according to the kernel. */
static int present(const ck_spill *s, size_t pages)
{
    unsigned char in[64];
    int n = 0;
    for (size_t i = 0; i < pages; i += sizeof in) {
        size_t k = pages - i < sizeof in ? pages - i : sizeof in;
        if (mincore((char *)ck_spill_data(s) + i * PAGE, k * PAGE, in))
            return -1;
        for (size_t j = 0; j < k; j++)
            n += in[j] & 1;
    }
    return n;
}

/* Random ranges written and read, compared with a shadow copy of all bytes. */
static void as_left(size_t bytes, size_t resident)
{
    ck_spill *s;
    ck_error e;
    ck_status st = ck_spill_new(bytes, resident, &s, &e);
    if (st == CK_ERR_ARGUMENT && strstr(e.text, "is in memory")) {
        skip("no folder on a disk", "%zu bytes, %zu resident", bytes, resident);
        return;
    }
    if (st != CK_OK) {
        ok(false, "%s", e.text);
        return;
    }
    unsigned char *shadow = calloc(bytes, 1), *known = calloc(bytes, 1), *p = ck_spill_data(s);
    uint32_t seed = 6;
    bool good = true;
    for (int round = 0; round < 3000; round++) {
        size_t at = (size_t)rnd_int(&seed, 0, (int)bytes - 1);
        size_t most = bytes - at < 5 * PAGE ? bytes - at : 5 * PAGE, n = (size_t)rnd_int(&seed, 1, (int)most);
        bool write = rnd_int(&seed, 0, 1);
        good = ck_spill_need(s, at, n, write ? CK_SPILL_WRITE : CK_SPILL_READ, &e) == CK_OK && good;
        for (size_t i = at; i < at + n; i++) {
            good = good && (write || !known[i] || p[i] == shadow[i]);
            if (write)
                p[i] = shadow[i] = (unsigned char)rnd(&seed), known[i] = 1;
        }
        good = ck_spill_idle(s, at, n, &e) == CK_OK && good;
    }
    good = ck_spill_need(s, 0, bytes, CK_SPILL_READ, &e) == CK_OK && good;
    for (size_t i = 0; i < bytes; i++)
        good = good && (!known[i] || p[i] == shadow[i]);
    ok(good, "%zu bytes, %zu resident: everything is as it was left", bytes, resident);
    good = ck_spill_idle(s, 0, bytes, &e) == CK_OK;
    int in = present(s, bytes / PAGE);
    ok(good && in >= 0 && (size_t)in <= resident / PAGE, "idle, %d of %zu pages are in memory", in, bytes / PAGE);
    ck_spill_free(s);
    free(shadow);
    free(known);
}

int main(void)
{
    as_left(100 * PAGE, 0);
    as_left(100 * PAGE, 40 * PAGE);
    as_left(33 * PAGE + 17, 32 * PAGE);
    as_left(5, 0);
    ck_spill *s;
    ck_error e;
    setenv("TMPDIR", "/dev/null/nothing", 1);
    ok(ck_spill_new(PAGE, 0, &s, &e) == CK_ERR_IO, "refused: %s", e.text);
    setenv("TMPDIR", "/", 1);
    ok(ck_spill_new((size_t)1 << 61, 0, &s, &e) != CK_OK, "refused: %s", e.text);
    ck_spill_free(NULL);
    return done_testing();
}
