/* The table of packets: which frame is whose, where decoding starts, and which contradictions make it unfit. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/av_ledger.h"
#include "io/av_table.h"
#include "tap.h"

static ck_error e;

/* Packets in decoding order: "K12" a key packet of time 12, "h12" a hidden one, "H12" a hidden key packet, "-" one
 * without a time. */
static ck_av_table table_of(const char *text)
{
    ck_av_table t = {0};
    for (const char *p = text; *p; p += *p == ' ') {
        bool key = *p == 'K' || *p == 'H', shown = *p != 'h' && *p != 'H', timed = *p != '-';
        p += strchr("KHh-", *p) != NULL;
        int64_t pts = timed ? strtol(p, NULL, 10) : CK_NO_PTS;
        p += strspn(p, "0123456789");
        ck_av_table_add(&t, pts, 0, 0, key, shown, &e);
    }
    t.complete = true;
    ck_av_table_settle(&t, &e);
    return t;
}

static void unfit(const char *packets, const char *why)
{
    ck_av_table t = table_of(packets);
    ok(t.unfit && strstr(t.unfit, why), "%s: %s", packets, t.unfit ? t.unfit : "fit");
    ck_av_table_free(&t);
}

/* want: for each frame "ROW-START", the rows of its packet and of its random-access point. */
static void fit(const char *packets, long base, double rate, const char *want)
{
    char got[400] = "";
    ck_av_table t = table_of(packets);
    if (!t.unfit)
        ck_av_table_number(&t, base, 1, rate);
    for (long i = 0; !t.unfit && i < t.n; i++) {
        long row = t.order[i];
        if (t.rows[row].frame >= 0)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%ld:%ld-%ld", *got ? " " : "", t.rows[row].frame,
                     row, ck_av_table_start(&t, t.rows[row].frame));
    }
    ok(!strcmp(got, want), "%s: %s", packets, t.unfit ? t.unfit : got);
    ck_av_table_free(&t);
}

int main(void)
{
    fit("K0 K1 K2", 0, 0, "0:0-0 1:1-1 2:2-2");
    fit("K0 3 1 2 K4 7 5 6", 0, 0, "0:0-0 1:2-0 2:3-0 3:1-0 4:4-4 5:6-4 6:7-4 7:5-4");
    /* Leading pictures, 3 and 2, start at the key packet before their own. */
    fit("K0 1 K4 2 3 5", 0, 0, "0:0-0 1:1-0 2:3-0 3:4-0 4:2-2 5:5-2");
    /* A start inside a group: frames before the first key packet are the decoder's. */
    fit("1 2 K5 3 4 6 K7 8", 2, 0, "2:2-2 3:5-2 4:6-6 5:7-6");
    /* Hidden packets give no frame, and a hidden key packet is a random-access point. */
    fit("H0 h1 2 3 K4 5", 0, 0, "0:2-0 1:3-0 2:4-4 3:5-4");
    /* Dropped frames are repeated. */
    fit("K0 K1 K4 K5", 0, 1, "0:0-0 1:1-1 4:2-2 5:3-3");
    unfit("", "no key frame");
    unfit("1 2 3", "no key frame");
    unfit("K1 2 -", "no times");
    unfit("K1 2 2", "one time");
    unfit("K1 5 K4 6", "out of order");
    unfit("K5 6 K4", "out of order");
    unfit("K0 1 K4 5 K8 3", "out of order");
    unfit("9 K5 6", "before the first key frame");
    unfit("H5 3 6", "hidden");

    ck_av_table t = table_of("K0 K1 K4 K5");
    ck_av_table_number(&t, 0, 1, 1);
    ok(ck_av_table_start(&t, 3) == 1, "a repeated frame is that of the packet before");
    ok(ck_av_table_start(&t, 99) == 3, "past the end it is the last one");
    ok(ck_av_table_find(&t, 4) == 2 && ck_av_table_find(&t, 3) == -1 && ck_av_table_find(&t, 99) == -1,
       "a packet is found by its time");
    ck_av_table_free(&t);

    t = (ck_av_table){0};
    long n = 0;
    while (!ck_av_table_covers(&t, 10) && n < 100) {
        ck_av_table_add(&t, n, n, 0, n % 4 == 0, true, &e);
        n++;
    }
    ok(n == 17, "frame 10 is certain once the key packet after the next is there: %ld", n);
    ok(!ck_av_table_covers(&t, 16) && !ck_av_table_covers(&t, LONG_MAX), "later ones are not");
    ck_av_table_free(&t);
    return done_testing();
}
