/* The ledger of packets and their fate. */
#include "io/av_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* Send packets in decoding order with these times; 'K' before a time marks a key packet, 'n' one without dependents. */
static void send(ck_ledger *l, const char *packets)
{
    for (const char *p = packets; *p; p += strspn(p, " ")) {
        bool key = *p == 'K', unused = *p == 'n';
        p += key || unused;
        int64_t pts = *p == '?' ? CK_NO_PTS : strtol(p, NULL, 10);
        p += strcspn(p, " ");
        ck_ledger_sent(l, pts, key, !unused);
    }
}

/* Output frame `id` and log: "x5 " for each bad packet before it ("(x5) " for an orphan), then "id", "id?" if suspect,
 * "id!" if bad, "(id)" if an orphan. */
static void frame(ck_ledger *l, int64_t id, int64_t pts, char *log)
{
    ck_note n;
    while (ck_ledger_overdue(l, id, pts, &n)) {
        sprintf(log + strlen(log), n.orphan ? "(x%ld) " : "x%ld ", (long)n.id);
        free(n.error);
    }
    if (!ck_ledger_frame(l, id, &n))
        n = (ck_note){0};
    sprintf(log + strlen(log), n.orphan ? "(%ld%s) " : "%ld%s ", (long)id,
            n.error                    ? "!"
            : ck_ledger_suspect(l, &n) ? "?"
                                       : "");
    free(n.error);
}

static void rest(ck_ledger *l, char *log)
{
    ck_note n;
    while (ck_ledger_rest(l, &n)) {
        sprintf(log + strlen(log), n.orphan ? "(x%ld) " : "x%ld ", (long)n.id);
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
    is(log, "1 2! 3? end", "a bad packet whose frame comes out all the same counts once");
    ck_ledger m = {.strict = true};
    strcpy(log, "");
    send(&m, "K0 10 20 K30 40");
    frame(&m, 1, 0, log);
    ck_ledger_spoil(&m, &(ck_note){.id = 1, .group = m.group - 1, .key = true, .reference = true});
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
    is(log, "1 4? 3? x2 5? x6 end", "without times a bad packet waits as long as frames may be reordered");
}

/* Open groups: 240, 200 and 280 are shown before the key picture at 320. */
static void groups(void)
{
    ck_ledger l = {.strict = true};
    char log[500] = "";
    send(&l, "K0 160 80");
    ck_ledger_bad(&l, 2, "broken", NULL);
    send(&l, "K320 240 200 480 400 K640 560 520 800");
    const int64_t shown[][2] = {{1, 0},   {3, 80},  {2, 160},  {6, 200},  {5, 240}, {4, 320},
                                {8, 400}, {7, 480}, {11, 520}, {10, 560}, {9, 640}, {12, 800}};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        frame(&l, shown[i][0], shown[i][1], log);
    rest(&l, log);
    is(log, "1 3? 2! 6? 5? 4 8 7 11 10 9 12 end", "damage ends with the leading pictures of the next group");
    ck_ledger m = {.strict = true};
    strcpy(log, "");
    send(&m, "K0 160 K320 240");
    ck_ledger_bad(&m, 4, "broken", NULL);
    send(&m, "200 480 K640 560");
    const int64_t later[][2] = {{1, 0}, {2, 160}, {5, 200}, {4, 240}, {3, 320}, {6, 480}, {8, 560}, {7, 640}};
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        frame(&m, later[i][0], later[i][1], log);
    rest(&m, log);
    is(log, "1 2 5? 4! 3 6 8 7 end", "damage to a leading picture stays with those");
    ck_ledger o = {.strict = true};
    strcpy(log, "");
    send(&o, "K0 20 n10");
    ck_ledger_bad(&o, 3, "broken", NULL);
    send(&o, "40 30");
    const int64_t last[][2] = {{1, 0}, {3, 10}, {2, 20}, {5, 30}, {4, 40}};
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        frame(&o, last[i][0], last[i][1], log);
    rest(&o, log);
    is(log, "1 3! 2 5 4 end", "damage to what nothing refers to stays there");
}

static void refreshed(void)
{
    ck_ledger l = {.strict = true};
    char log[500] = "";
    send(&l, "K0 1");
    ck_ledger_bad(&l, 2, "broken", NULL);
    send(&l, "K2 3");
    frame(&l, 1, 0, log);
    frame(&l, 2, 1, log);
    ck_ledger_refresh(&l, &(ck_note){.id = 3, .group = l.group, .key = true});
    frame(&l, 3, 2, log);
    frame(&l, 4, 3, log);
    rest(&l, log);
    is(log, "1 2! 3? 4? end", "a key picture that refers to others heals nothing");
}

static void orphans(void)
{
    ck_ledger l = {.strict = true};
    char log[500] = "";
    send(&l, "10 20 K50 ? 40 90 70 K130 120");
    frame(&l, 3, 50, log);
    frame(&l, 7, 70, log);
    frame(&l, 6, 90, log);
    frame(&l, 9, 120, log);
    frame(&l, 8, 130, log);
    rest(&l, log);
    is(log, "(x1) (x2) (x5) 3 7 6 9 8 (x4) end", "what comes before the first key picture or is shown before it");
    ck_ledger m = {.strict = true};
    strcpy(log, "");
    send(&m, "K0 1");
    ck_ledger_bad(&m, 2, "broken", NULL);
    frame(&m, 1, 0, log);
    frame(&m, 2, 1, log);
    ck_ledger_restart(&m);
    send(&m, "2 K4 3 5");
    frame(&m, 4, 4, log);
    frame(&m, 6, 5, log);
    rest(&m, log);
    is(log, "1 2! (x3) (x5) 4 6 end", "so it is after a joint, which damage does not cross");
}

/* A frame is judged once the packets that it may refer to have been output. */
static void waiting(void)
{
    ck_ledger l = {.strict = true};
    ck_note n;
    send(&l, "K0 30 10 20");
    ck_ledger_frame(&l, 1, &n);
    ck_ledger_frame(&l, 3, &n);
    ok(ck_ledger_waiting(&l, 3), "a picture waits for the one sent before it and shown after it");
    ck_ledger_frame(&l, 4, &n);
    ck_ledger_frame(&l, 2, &n);
    ok(!ck_ledger_waiting(&l, 4), "and then waits no more");
    ck_ledger_free(&l);
}

int main(void)
{
    groups();
    refreshed();
    orphans();
    waiting();
    plain();
    missing();
    bad();
    intra();
    damaged_output();
    untimed();
    return done_testing();
}
