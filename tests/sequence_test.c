/* Files, folders, patterns, natural order, frame lists. */
#include "io/sequence.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/natural.h"
#include "io/pattern.h"
#include "tap.h"

static void touch(const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    if (fd < 0 || close(fd))
        printf("# cannot make %s\n", path);
}

/* The stems in order with their numbers, "a:1 b:2", '!' before a black one; or the error. */
static const char *show_with(const char *const *inputs, int n, const char *frames, ck_missing missing)
{
    static char text[2048];
    ck_sequence s;
    ck_ranges keep = {0};
    ck_error e = {{0}};
    ck_status status = ck_sequence_open(inputs, n, &s, &e);
    if (status == CK_OK && frames)
        status = ck_ranges_parse(frames, &keep, &e);
    if (status == CK_OK)
        status = ck_sequence_select(&s, &keep, missing, &e);
    text[0] = 0;
    for (size_t i = 0; status == CK_OK && i < s.n; i++) {
        size_t at = strlen(text);
        char number[24] = "none";
        if (s.files[i].number != CK_NO_NUMBER)
            snprintf(number, sizeof number, "%ld", s.files[i].number);
        snprintf(text + at, sizeof text - at, "%s%s%s:%s@%ld", i ? " " : "", s.files[i].black ? "!" : "",
                 s.files[i].stem, number, s.files[i].index);
    }
    if (status != CK_OK)
        snprintf(text, sizeof text, "E%d %s", status, e.text);
    ck_ranges_free(&keep);
    ck_sequence_free(&s);
    return text;
}

static const char *show(const char *const *inputs, int n, const char *frames)
{
    return show_with(inputs, n, frames, CK_MISSING_ERROR);
}

static void is(const char *got, const char *want, const char *what)
{
    ok(!strcmp(got, want), "%s", what);
    if (strcmp(got, want))
        printf("#  got %s\n# want %s\n", got, want);
}

static void like(const char *got, const char *part, const char *what)
{
    ok(strstr(got, part) != NULL, "%s", what);
    if (!strstr(got, part))
        printf("#  got %s\n# want %s\n", got, part);
}

static const char *one(const char *input, const char *frames)
{
    return show(&input, 1, frames);
}

static const char *filled(const char *input, const char *frames, ck_missing missing)
{
    return show_with(&input, 1, frames, missing);
}

static void natural(void)
{
    static const char *const sorted[] = {"",
                                         "9",
                                         "10",
                                         "a",
                                         "a0001",
                                         "a001",
                                         "a01",
                                         "a1",
                                         "a1b",
                                         "a2",
                                         "a10",
                                         "a10.png",
                                         "a10a",
                                         "a99999999999999999999998",
                                         "a99999999999999999999999",
                                         "b1",
                                         "shot1v2",
                                         "shot1v10",
                                         "shot2v1"};
    int wrong = 0, n = sizeof sorted / sizeof *sorted;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            int c = ck_natural_compare(sorted[i], sorted[j]);
            if ((c > 0) - (c < 0) != (i > j) - (i < j)) {
                printf("# '%s' '%s' gives %d\n", sorted[i], sorted[j], c);
                wrong++;
            }
        }
    ok(wrong == 0, "natural order of %d names, every pair", n);
}

/* True if all of `numbers` are in r (`in`), or none of them. */
static bool all_are(const ck_ranges *r, const char *numbers, bool in)
{
    bool right = true;
    char *end;
    for (const char *p = numbers; *p; p = end + strspn(end, " "))
        right = ck_ranges_has(r, strtol(p, &end, 10)) == in && right;
    return right;
}

static void ranges(void)
{
    static const struct {
        const char *text, *in, *out;
    } good[] = {{"5", "5", "4 6"},
                {"1,5,10-20,50-", "1 5 10 20 50 999999", "0 2 6 9 21 49"},
                {"10-20,1", "1 10 15 20", "2 9 21"},
                {"3-5,4-8,6", "3 8 6", "2 9"},
                {"0-", "0 1", ""},
                {"007", "7", "0 70"},
                {"-5", "-5", "5 -4 0"},
                {"-2-1", "-2 -1 0 1", "-3 2"},
                {"-5--3,-1", "-5 -4 -3 -1", "-6 -2 0"},
                {"-2-", "-2 0 9", "-3"},
                {"1001-1100x2", "1001 1003 1099", "1000 1002 1100 1101"},
                {"-3-3x3", "-3 0 3", "-2 -1 1 6"},
                {"50-x10,1", "1 50 60 990", "0 49 55 995"},
                {"1-9x4,2-3,3-5", "1 2 3 4 5 9", "6 7 8 13"}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_ranges r;
        ck_error e = {{0}};
        bool right = ck_ranges_parse(good[i].text, &r, &e) == CK_OK;
        right = right && all_are(&r, good[i].in, true) && all_are(&r, good[i].out, false);
        ok(right, "'%s' holds %s and not %s", good[i].text, good[i].in, good[i].out);
        ck_ranges_free(&r);
    }
    static const char *const bad[] = {"",      ",",      "1,",  ",1",    "a",      "1-2-3", "5-1",
                                      "-",     "1 ",     " 1",  "+1",    "1..2",   "0x1",   "99999999999999999999",
                                      "1,,2",  "--",     "1x2", "1-5x0", "1-5x-1", "1-5x",  "1-x",
                                      "-1--5", "1-5x2x2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_ranges r;
        ck_error e = {{0}};
        ok(ck_ranges_parse(bad[i], &r, &e) == CK_ERR_ARGUMENT && strstr(e.text, bad[i]), "'%s' is refused", bad[i]);
    }
}

static void lists(void)
{
    static const long some[] = {-2, -1, 0, 4, 6, 8, 10, 20, 30};
    static const struct {
        const char *asked, *missing;
    } cases[] = {{"-2-10", "1-3,5,7,9"},
                 {"-2-10x2", "2"},
                 {"0-", "1-3,5,7,9,11-19,21-29"},
                 {"31-", "31"},
                 {"30", ""},
                 {"-4--3", "-4--3"},
                 {"20-60x10", "40-60x10"},
                 {"4-10x2", ""}};
    char text[80];
    ck_error e;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_ranges asked, missing;
        ok(ck_ranges_parse(cases[i].asked, &asked, &e) == CK_OK &&
               ck_ranges_missing(&asked, some, sizeof some / sizeof *some, &missing, &e) == CK_OK &&
               ck_ranges_format(&missing, text, sizeof text) && !strcmp(text, cases[i].missing),
           "%s: missing '%s'", cases[i].asked, text);
        ck_ranges_free(&asked);
        ck_ranges_free(&missing);
    }
    ck_ranges all;
    ok(ck_ranges_of(some, sizeof some / sizeof *some, &all, &e) == CK_OK && ck_ranges_format(&all, text, sizeof text) &&
           !strcmp(text, "-2-0,4-10x2,20,30") && ck_ranges_count(&all, 99) == 9,
       "numbers as few ranges: %s", text);
    ok(!ck_ranges_format(&all, text, 12) && strlen(text) < 12 && strstr(text, "..."),
       "cut off where there is no room: %s", text);
    ck_ranges copy;
    ok(ck_ranges_copy(&all, &copy, &e) == CK_OK && ck_ranges_next(&copy, 0) == 0 && ck_ranges_next(&copy, 1) == 4 &&
           ck_ranges_next(&copy, 5) == 6 && ck_ranges_next(&copy, 11) == 20 && ck_ranges_next(&copy, 31) == -1,
       "the next number of a copy");
    ck_ranges_free(&copy);
    copy = (ck_ranges){0};
    ok(ck_ranges_next(&copy, 7) == 7, "of all numbers, the number itself");

    ck_ranges lists;
    ck_numbers numbers;
    static const long wanted[] = {-2, -1, 3, 5, 7, 9};
    ok(ck_ranges_parse("3-9x2,5-7x2,-2--1", &lists, &e) == CK_OK && ck_ranges_numbers(&lists, &numbers, &e) == CK_OK &&
           numbers.n == 6 && !memcmp(numbers.v, wanted, sizeof wanted),
       "the numbers of overlapping ranges, once each");
    char *list = ck_numbers_text(numbers.v, numbers.n);
    ok(list && !strcmp(list, "-2--1,3-9x2"), "as a list");
    ok(ck_numbers_find(numbers.v, numbers.n, -2) == 0 && ck_numbers_find(numbers.v, numbers.n, 9) == 5 &&
           ck_numbers_find(numbers.v, numbers.n, 4) == -1 && ck_numbers_find(numbers.v, 0, 4) == -1,
       "found by their place");
    free(list);
    free(numbers.v);
    ck_ranges_free(&lists);
    ck_ranges_free(&all);
}

#define NO_PATTERN LONG_MAX

static void patterns(void)
{
    static const struct {
        const char *pattern, *name;
        long number; /* CK_NO_NUMBER: no match */
    } cases[] = {
        {"a.%04d.exr", "a.0012.exr", 12},
        {"a.%04d.exr", "a.12.exr", CK_NO_NUMBER},
        {"a.%04d.exr", "a.12345.exr", 12345},
        {"a.%04d.exr", "a.01234.exr", CK_NO_NUMBER},
        {"a.%d.exr", "a.12.exr", 12},
        {"a.%d.exr", "a.012.exr", CK_NO_NUMBER},
        {"a.%d.exr", "a.0.exr", 0},
        {"a.####.exr", "a.0012.exr", 12},
        {"a.#.exr", "a.7.exr", 7},
        {"a.####.exr", "a.00x2.exr", CK_NO_NUMBER},
        {"a.####.exr", "b.0012.exr", CK_NO_NUMBER},
        {"a.####.exr", "a.0012.png", CK_NO_NUMBER},
        {"a.####.exr", "a..exr", CK_NO_NUMBER},
        {"####", "0012", 12},
        {"100%%_%03d", "100%_007", 7},
        {"a%%%02d", "a%03", 3},
        {"v2_####_x.png", "v2_0042_x.png", 42},
        {"%4d", "0042", 42},
        {"a.exr", "a.exr", NO_PATTERN},
        {"%04d_%04d.png", "", NO_PATTERN},
        {"##.##", "", NO_PATTERN},
        {"50%.png", "50%.png", NO_PATTERN},
        {"a%s.png", "a%s.png", NO_PATTERN},
        {"%00012d", "", NO_PATTERN},
        {"a.%04d.exr", "a.99999999999999999999.exr", CK_NO_NUMBER},
        {"a.%04d.exr", "a.-001.exr", -1},
        {"a.####.exr", "a.-0001.exr", -1},
        {"a.####.exr", "a.-1.exr", CK_NO_NUMBER},
        {"a.####.exr", "a.-00001.exr", CK_NO_NUMBER},
        {"a.####.exr", "a.--001.exr", CK_NO_NUMBER},
        {"a.%d.exr", "a.-12.exr", -12},
        {"a.%d.exr", "a.-.exr", CK_NO_NUMBER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_pattern p;
        long got = NO_PATTERN;
        if (ck_pattern_parse(cases[i].pattern, &p)) {
            got = ck_pattern_match(&p, cases[i].name);
            ck_pattern_free(&p);
        }
        ok(got == cases[i].number, "pattern %s, name %s: %ld", cases[i].pattern, cases[i].name, got);
    }
}

static void negative(void)
{
    is(one("neg", NULL), "n.-0002:-2@0 n.-0001:-1@1 n.0000:0@2 n.0001:1@3", "negative numbers in a folder");
    is(one("neg/n.####.png", NULL), "n.-0002:-2@0 n.-0001:-1@1 n.0000:0@2 n.0001:1@3", "by a pattern");
    is(one("neg", "-1-1"), "n.-0001:-1@1 n.0000:0@2 n.0001:1@3", "by a range");
    is(filled("neg", "-4,2", CK_MISSING_NEAREST), "n.-0004:-4@-2 n.0002:2@4", "stand-ins are named alike");
    is(one("dash", NULL), "n-0001:1@0 n-0002:2@1", "a dash behind a letter is no sign");
}

static void several(void)
{
    like(one("two", NULL), "2 sequences in one folder: name one of a.####.png, b%d.png", "two sequences in a folder");
    is(one("two/b%d.png", NULL), "b1:1@0 b2:2@1 b10:10@2", "one of them");
    like(one("three", NULL), "name one of a.####.png, b.%d.png",
         "a still of another sequence with a number of this one");
    ck_sequence s;
    ck_ranges holes;
    ck_error e;
    const char *links = "links";
    ok(ck_sequence_open(&links, 1, &s, &e) == CK_OK && s.n == 3 && s.n_broken == 1 &&
           ck_sequence_holes(&s, &holes, &e) == CK_OK && holes.n == 2 && holes.r[0].first == 2 && holes.r[1].first == 4,
       "a dangling link is a hole");
    ck_ranges_free(&holes);
    ck_sequence_free(&s);
    like(one("links", "1-5"), "no file has numbers 2,4 ", "and missing when it is asked for");
    like(one("broken", NULL), "only broken links", "nothing but dangling links");
}

static void folders(void)
{
    is(one(".", NULL), "Z7:7@0 shot2:2@1 shot9:9@2 shot10:10@3 ünï cödé\n11:11@4",
       "a folder: images in natural order; hidden files, other files and folders are passed over");
    is(one("./", "9-10"), "shot9:9@2 shot10:10@3", "frames are file numbers, places stay");
    is(one("shot%d.png", NULL), "shot2:2@0 shot9:9@1 shot10:10@2", "a pattern without zeros");
    is(one("./shot#.png", "2,10"), "shot2:2@0 shot10:10@2", "a pattern with marks, in a folder");
    like(one("shot%04d.png", NULL), "E2 shot%04d.png: no file matches", "a pattern that nothing fits");
    like(one("shot%d.png", "3"), "no file has number 3 (there are 2 to 10)", "a number that is missing");
    like(one("shot%d.png", "2-11"), "numbers 3-8,11 (there are 2 to 10)", "all that are missing of a range");
    like(one("shot%d.png", "2-9"), "no file has numbers 3-8 ", "gaps inside a range");
    is(filled("shot%d.png", "2-9", CK_MISSING_SKIP), "shot2:2@0 shot9:9@1", "skipped");
    is(filled("shot%d.png", "8-11", CK_MISSING_BLACK), "!shot8:8@6 shot9:9@7 shot10:10@8 !shot11:11@9", "black");
    is(filled("shot%d.png", NULL, CK_MISSING_SKIP), "shot2:2@0 shot9:9@1 shot10:10@2", "holes of the whole, skipped");
    is(filled("shot%d.png", NULL, CK_MISSING_BLACK),
       "shot2:2@0 !shot3:3@1 !shot4:4@2 !shot5:5@3 !shot6:6@4 !shot7:7@5 !shot8:8@6 shot9:9@7 shot10:10@8", "filled");
    like(filled("shot%d.png", "2-2000000", CK_MISSING_BLACK), "more than 100000 frames are missing", "a bound");
    like(filled("shot%d.png", "3-5", CK_MISSING_SKIP), "no frame of --frames exists", "nothing left");
    negative();
    several();
    is(one("shot%d.png", "9-"), "shot9:9@1 shot10:10@2", "an open range");
    like(one("nothing.png", NULL), "E2 nothing.png: cannot open: No such file", "a file that is not there");
    like(one("empty", NULL), "no image files", "a folder without images");
    like(one("a\nb/%d.png", NULL), "cannot read the folder: No such file", "a pattern in a folder that is not there");
}

static void files(void)
{
    const char *globbed[] = {"shot10.png", "shot2.png", "shot9.png"};
    is(show(globbed, 3, NULL), "shot2:2@0 shot9:9@1 shot10:10@2", "several files as the shell sorts them");
    const char *same[] = {"shot2.png", "sub/shot2.jpg"};
    like(show(same, 2, NULL), "two files are called 'shot2'", "two files of one stem would share their output");
    const char *mixed[] = {"shot2.png", "sub"};
    like(show(mixed, 2, NULL), "a folder among several", "a folder among files");
    is(one("take%04d.png", NULL), "take%04d:4@0", "a file of that very name is no pattern");
    const char *words[] = {"alpha.png", "beta.png"};
    is(show(words, 2, NULL), "alpha:none@0 beta:none@1", "names without numbers");
    like(show(words, 2, "0-1"), "have no numbers", "frames of files without numbers");
    const char *twice[] = {"a1.png", "b1.png"};
    like(show(twice, 2, "1"), "have no numbers", "numbers that do not tell the files apart are none");
    is(one("frame.0001", NULL), "frame.0001:1@0", "digits are no suffix");
    is(one("20240101123456789012.png", NULL), "20240101123456789012:none@0", "a serial number is no frame number");
}

static void make_folders(void)
{
    static const char *const folder[] = {"neg", "dash", "two", "three", "links", "broken"};
    static const char *const names[] = {"neg/n.-0001.png",  "neg/n.0001.png",  "neg/n.-0002.png", "neg/n.0000.png",
                                        "dash/n-0001.png",  "dash/n-0002.png", "two/a.0001.png",  "two/a.0002.png",
                                        "two/b1.png",       "two/b10.png",     "two/b2.png",      "three/a.0001.png",
                                        "three/a.0002.png", "three/b.1.png",   "links/l.1.png",   "links/l.3.png",
                                        "links/l.5.png"};
    for (size_t i = 0; i < sizeof folder / sizeof *folder; i++)
        if (mkdir(folder[i], 0700))
            printf("# cannot make %s\n", folder[i]);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        touch(names[i]);
    if (symlink("nowhere.png", "links/l.4.png") || symlink("nowhere.png", "broken/l.4.png"))
        printf("# cannot make a link\n");
}

int main(void)
{
    char dir[] = "/tmp/ck-sequence-XXXXXX";
    if (!mkdtemp(dir) || chdir(dir) || mkdir("plates", 0700) || chdir("plates") || mkdir("sub", 0700) ||
        mkdir("sub.png", 0700) || mkdir("empty", 0700))
        return 1;
    static const char *const names[] = {"shot10.png",  "shot9.png",   "shot2.png",        "notes.txt",
                                        ".hidden.png", "._shot9.png", "ünï cödé\n11.exr", "Z7.PNG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        touch(names[i]);
    make_folders();
    natural();
    ranges();
    lists();
    patterns();
    folders();
    static const char *const more[] = {"sub/shot2.jpg", "take%04d.png", "alpha.png",  "beta.png",
                                       "a1.png",        "b1.png",       "frame.0001", "20240101123456789012.png"};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        touch(more[i]);
    files();
    char command[80];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return chdir("/") || system(command) ? 1 : done_testing();
}
