/* The ledger: what becomes of packets. */
#include "io/av_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* Packets in decoding order with their times; 'K' before a time marks a key packet. */
static void send(ck_ledger *l, const char *packets)
{
    for (const char *p = packets; *p; p += strspn(p, " ")) {
        bool key = *p == 'K';
        p += key;
        int64_t pts = *p == '?' ? CK_NO_PTS : strtol(p, NULL, 10);
        p += strcspn(p, " ");
        ck_ledger_sent(l, pts, key);
    }
}

/* Frame `id` comes out: "x5 " for each bad packet before it, then "id" or "id?" when suspect, "id!" when bad. */
static void frame(ck_ledger *l, int64_t id, int64_t pts, char *log)
{
    ck_note n;
    while (ck_ledger_overdue(l, id, pts, &n)) {
        sprintf(log + strlen(log), "x%ld ", (long)n.id);
        free(n.error);
    }
    if (!ck_ledger_frame(l, id, &n))
        n = (ck_note){0};
    sprintf(log + strlen(log), "%ld%s ", (long)id, n.error ? "!" : n.suspect ? "?" : "");
    free(n.error);
}

static void rest(ck_ledger *l, char *log)
{
    ck_note n;
    while (ck_ledger_rest(l, &n)) {
        sprintf(log + strlen(log), "x%ld ", (long)n.id);
        free(n.error);
    }
    strcat(log, "end");
    ck_ledger_free(l);
}

static void is(const char *got, const char *want, const char *what)
{
    ok(!strcmp(got, want), "%s", what);
    if (strcmp(got, want))
        printf("#  got %s\n# want %s\n", got, want);
}

static void plain(void)
{
    ck_ledger l = {.strict = true};
    char log[500] = "";
    send(&l, "K0 30 10 20");
    frame(&l, 1, 0, log);
    frame(&l, 3, 10, log);
    frame(&l, 4, 20, log);
    frame(&l, 2, 30, log);
    rest(&l, log);
    is(log, "1 3 4 2 end", "reordered frames, none missing");
}

static void missing(void)
{
    ck_ledger l = {.strict = true};
    char log[500] = "";
    send(&l, "K0 30 10 20 K40 50");
    frame(&l, 1, 0, log);
    frame(&l, 4, 20, log);
    frame(&l, 2, 30, log);
    rest(&l, log);
    is(log, "1 x3 4 2 x5 x6 end", "strict: what never came is missing in its place, or at the end");
    ck_ledger m = {0};
    strcpy(log, "");
    send(&m, "K0 30 10 20 K40 50");
    frame(&m, 1, 0, log);
    frame(&m, 4, 20, log);
    frame(&m, 2, 30, log);
    rest(&m, log);
    is(log, "1 4 2 end", "not strict: packets need not give a frame");
}

static void bad(void)
{
    ck_ledger l = {.strict = true};
    char log[500] = "";
    send(&l, "K0 30");
    ck_ledger_bad(&l, 2, "broken", NULL);
    send(&l, "10 20 60 40 50 K90 70 80 120");
    frame(&l, 1, 0, log);
    for (int i = 0; i < 2; i++)
        frame(&l, 3 + i, 10 + 10 * i, log);
    for (int i = 0; i < 2; i++)
        frame(&l, 6 + i, 40 + 10 * i, log);
    frame(&l, 5, 60, log);
    for (int i = 0; i < 2; i++)
        frame(&l, 9 + i, 70 + 10 * i, log);
    frame(&l, 8, 90, log);
    frame(&l, 11, 120, log);
    rest(&l, log);
    is(log, "1 3? 4? x2 6? 7? 5? 9? 10? 8 11 end",
       "what is decoded after a bad packet is suspect, and so is what is shown before the next key frame");
}

static void intra(void)
{
    ck_ledger l = {.strict = true, .intra = true};
    char log[500] = "";
    send(&l, "K0 K1");
    ck_ledger_bad(&l, 2, "broken", NULL);
    send(&l, "K2");
    frame(&l, 1, 0, log);
    frame(&l, 3, 2, log);
    rest(&l, log);
    is(log, "1 x2 3 end", "where every packet stands alone, nothing else suffers");
}

static void damaged_output(void)
{
    ck_ledger l = {.strict = true};
    char log[500] = "";
    send(&l, "K0 10 20");
    ck_ledger_bad(&l, 2, "first reason", NULL);
    ck_ledger_bad(&l, 2, "second reason", NULL);
    frame(&l, 1, 0, log);
    frame(&l, 2, 10, log);
    frame(&l, 3, 20, log);
    rest(&l, log);
    is(log, "1 2! 3 end", "a bad packet whose frame comes out all the same counts once");
    ck_ledger m = {.strict = true};
    strcpy(log, "");
    send(&m, "K0 10 20 K30 40");
    frame(&m, 1, 0, log);
    ck_ledger_spoil(&m, 1);
    frame(&m, 2, 10, log);
    frame(&m, 3, 20, log);
    frame(&m, 4, 30, log);
    frame(&m, 5, 40, log);
    rest(&m, log);
    is(log, "1 2? 3? 4 5 end", "a frame that came out damaged spoils the rest of its group");
}

static void untimed(void)
{
    ck_ledger l = {.strict = true, .delay = 2};
    char log[500] = "";
    send(&l, "K? ? ? ? ? ?");
    ck_ledger_bad(&l, 2, "broken", NULL);
    frame(&l, 1, CK_NO_PTS, log);
    frame(&l, 4, CK_NO_PTS, log);
    frame(&l, 3, CK_NO_PTS, log);
    frame(&l, 5, CK_NO_PTS, log);
    rest(&l, log);
    is(log, "1 4 3 x2 5 x6 end", "without times a bad packet waits as long as frames may be reordered");
}

int main(void)
{
    plain();
    missing();
    bad();
    intra();
    damaged_output();
    untimed();
    return done_testing();
}
