/* Events are valid JSON, one line each, and do not mix. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/event.h"
#include "base/log.h"
#include "base/tally.h"
#include "tap.h"

static int ends[2];

/* The next line of the pipe. */
static const char *line(void)
{
    static char buf[2 * PIPE_BUF];
    size_t n = 0;
    while (n + 1 < sizeof buf && read(ends[0], buf + n, 1) == 1 && buf[n] != '\n')
        n++;
    buf[n] = 0;
    return buf;
}

static const char *text(const char *value)
{
    ck_event v;
    ck_event_begin(&v, "e");
    ck_event_text(&v, "t", value);
    ck_event_send(&v);
    return line();
}

static void values(void)
{
    ck_event v;
    ck_event_begin(&v, "all");
    ck_event_int(&v, "i", -5);
    ck_event_real(&v, "r", 1.23456);
    ck_event_real(&v, "n", (double)NAN);
    ck_event_real(&v, "f", (double)INFINITY);
    ck_event_null(&v, "z");
    ck_event_texts(&v, "a", (const char *[]){"one", "\"two\""}, 2);
    ck_event_texts(&v, "b", NULL, 0);
    ck_event_send(&v);
    ok(!strcmp(line(), "{\"event\":\"all\",\"i\":-5,\"r\":1.235,\"n\":null,\"f\":null,\"z\":null,"
                       "\"a\":[\"one\",\"\\\"two\\\"\"],\"b\":[]}"),
       "every type of value");
}

static void texts(void)
{
    static const struct {
        const char *in, *out;
    } rows[] = {{"plain", "plain"},
                {"", ""},
                {"a\"b\\c", "a\\\"b\\\\c"},
                {"\n\t\x01\x7f", "\\u000a\\u0009\\u0001\\u007f"},
                {"F\xc3\xbc\xe2\x98\x82\xf0\x9f\x8e\xac", "F\xc3\xbc\xe2\x98\x82\xf0\x9f\x8e\xac"},
                {"\xff.\xc3", "\\ufffd.\\ufffd"},
                {"\xed\xa0\x80\xc0\xaf", "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char want[200];
        snprintf(want, sizeof want, "{\"event\":\"e\",\"t\":\"%s\"}", rows[i].out);
        const char *got = text(rows[i].in);
        ok(!strcmp(got, want), "text %zu: %s", i, got);
    }
    char big[10000];
    memset(big, '\n', sizeof big - 1);
    big[sizeof big - 1] = 0;
    const char *got = text(big);
    size_t n = strlen(got);
    ok(n < PIPE_BUF && n > PIPE_BUF - 300 && !strcmp(got + n - 8, "\\u000a\"}"),
       "a long text is cut between escapes: %zu", n);
    for (size_t i = 0; i + 1 < sizeof big; i++)
        big[i] = "\xe2\x98\x82"[i % 3];
    got = text(big);
    ok(strlen(got) < PIPE_BUF && !strstr(got, "ufffd"), "and between characters");
}

static void messages(void)
{
    ck_log_warning("%s", "100 \"%\"");
    ok(!strcmp(line(), "{\"event\":\"warning\",\"program\":\"event_test\",\"text\":\"100 \\\"%\\\"\"}"), "a warning");
    ck_log_error("bad\n");
    ok(!strcmp(line(), "{\"event\":\"failed\",\"program\":\"event_test\",\"number\":null,\"text\":\"bad\\u000a\"}"),
       "a failure");
    ck_log_frame_error(-7, "worse");
    ok(!strcmp(line(), "{\"event\":\"failed\",\"program\":\"event_test\",\"number\":-7,\"text\":\"worse\"}"),
       "that of a frame");
    ck_log_notice("no event");
    ck_log_progress(1, 4);
    ck_log_progress_frame(1001);
    ok(!strcmp(line(), "{\"event\":\"frame\",\"number\":1001,\"done\":1,\"total\":4,\"rate\":null,\"left\":null}"),
       "the first frame, whose rate is not known");
    usleep(20000);
    ck_log_progress(3, 4);
    ck_log_progress_frame(1003);
    const char *got = line();
    double rate = 0, left = 0;
    ok(sscanf(got, "{\"event\":\"frame\",\"number\":1003,\"done\":3,\"total\":4,\"rate\":%lf,\"left\":%lf}", &rate,
              &left) == 2 &&
           rate > 0 && rate <= 100 && fabs(left - 1 / rate) < 0.001,
       "two more in 20 ms: %s", got);
    ck_log_progress(5, 0);
    ck_log_progress_frame(1005);
    got = line();
    ok(strstr(got, "\"total\":0") && strstr(got, "\"left\":null"), "no total: %s", got);
    ck_log_event_segment("out/fg.mov", 250, 499);
    ok(!strcmp(line(), "{\"event\":\"segment\",\"video\":\"out/fg.mov\",\"first\":250,\"last\":499}"), "a segment");
}

/* Eight processes write long lines into one pipe. */
static void many(void)
{
    enum { WRITERS = 8, LINES = 200 };
    int bad = 0, seen[WRITERS] = {0};
    for (int w = 0; w < WRITERS; w++)
        if (!fork()) {
            char big[3000];
            memset(big, '0' + w, sizeof big - 1);
            big[sizeof big - 1] = 0;
            for (int i = 0; i < LINES; i++) {
                ck_event v;
                ck_event_begin(&v, big);
                ck_event_send(&v);
            }
            _exit(0);
        }
    for (int i = 0; i < WRITERS * LINES; i++) {
        const char *got = line();
        char c = got[strlen("{\"event\":\"")];
        size_t n = strspn(got + strlen("{\"event\":\""), (char[]){c, 0});
        bad += n != 2999 || strcmp(got + strlen("{\"event\":\"") + n, "\"}");
        seen[(c - '0') & 7]++;
    }
    while (wait(NULL) > 0)
        ;
    for (int w = 0; w < WRITERS; w++)
        bad += seen[w] != LINES;
    ok(!bad, "lines of %d processes do not mix", WRITERS);
}

static void tally(void)
{
    ck_error e;
    ck_tally *t;
    ok(!ck_tally_inherited(), "no tally");
    ok(ck_tally_make(&t, &e) == CK_OK, "a tally");
    fflush(stdout);
    if (!fork()) {
        ck_log_init("child", CK_LOG_NORMAL);
        ck_log_progress(1, 2);
        ck_log_progress_frame(1);
        ck_log_frame_error(2, "bad");
        _exit(0);
    }
    while (wait(NULL) > 0)
        ;
    (void)line();
    (void)line();
    ok(t->done == 1 && t->failed == 1, "counts the frames of a child");
    setenv("CK_PROGRESS_TALLY", "9999", 1);
    ok(!ck_tally_inherited(), "a descriptor that is not open");
    setenv("CK_PROGRESS_TALLY", "0x", 1);
    ok(!ck_tally_inherited(), "no number");
}

int main(void)
{
    char number[16];
    ck_log_init("event_test", CK_LOG_NORMAL);
    unsetenv("CK_PROGRESS_FD");
    ok(!ck_event_on(), "no descriptor, no events");
    if (pipe(ends) || !freopen("/dev/null", "w", stderr))
        return 1;
    snprintf(number, sizeof number, "%d", ends[1]);
    setenv("CK_PROGRESS_FD", number, 1);
    ok(ck_event_on(), "a descriptor");
    values();
    texts();
    messages();
    many();
    tally();
    setenv("CK_PROGRESS_FD", "-1", 1);
    ok(!ck_event_on(), "a negative descriptor");
    setenv("CK_PROGRESS_FD", "9999", 1);
    ck_event v;
    ck_event_begin(&v, "lost");
    ck_event_send(&v);
    ok(!ck_event_on(), "a closed one ends events");
    return done_testing();
}
