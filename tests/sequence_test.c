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

/* The stems in order, with their numbers, "a:1 b:2", or the error. */
static const char *show(const char *const *inputs, int n, const char *frames)
{
    static char text[2048];
    ck_sequence s;
    ck_ranges keep = {0};
    ck_error e = {{0}};
    ck_status status = ck_sequence_open(inputs, n, &s, &e);
    if (status == CK_OK && frames)
        status = ck_ranges_parse(frames, &keep, &e);
    if (status == CK_OK)
        status = ck_sequence_select(&s, &keep, &e);
    text[0] = 0;
    for (size_t i = 0; status == CK_OK && i < s.n; i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%s:%ld@%ld", i ? " " : "", s.files[i].stem, s.files[i].number,
                 s.files[i].index);
    }
    if (status != CK_OK)
        snprintf(text, sizeof text, "E%d %s", status, e.text);
    ck_ranges_free(&keep);
    ck_sequence_free(&s);
    return text;
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

/* All of `numbers` are in r, or none. */
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
                {"007", "7", "0 70"}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_ranges r;
        ck_error e = {{0}};
        bool right = ck_ranges_parse(good[i].text, &r, &e) == CK_OK;
        right = right && all_are(&r, good[i].in, true) && all_are(&r, good[i].out, false);
        ok(right, "'%s' holds %s and not %s", good[i].text, good[i].in, good[i].out);
        ck_ranges_free(&r);
    }
    static const char *const bad[] = {"",     ",",  "1,", ",1", "a",    "1-2-3", "5-1",
                                      "-5",   "1 ", " 1", "+1", "1..2", "0x1",   "99999999999999999999",
                                      "1,,2", "--", "-"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_ranges r;
        ck_error e = {{0}};
        ok(ck_ranges_parse(bad[i], &r, &e) == CK_ERR_ARGUMENT && strstr(e.text, bad[i]), "'%s' is refused", bad[i]);
    }
}

static void patterns(void)
{
    static const struct {
        const char *pattern, *name;
        long number; /* -1: no match; -2: no pattern */
    } cases[] = {
        {"a.%04d.exr", "a.0012.exr", 12},
        {"a.%04d.exr", "a.12.exr", -1},
        {"a.%04d.exr", "a.12345.exr", 12345},
        {"a.%04d.exr", "a.01234.exr", -1},
        {"a.%d.exr", "a.12.exr", 12},
        {"a.%d.exr", "a.012.exr", -1},
        {"a.%d.exr", "a.0.exr", 0},
        {"a.####.exr", "a.0012.exr", 12},
        {"a.#.exr", "a.7.exr", 7},
        {"a.####.exr", "a.00x2.exr", -1},
        {"a.####.exr", "b.0012.exr", -1},
        {"a.####.exr", "a.0012.png", -1},
        {"a.####.exr", "a..exr", -1},
        {"####", "0012", 12},
        {"100%%_%03d", "100%_007", 7},
        {"a%%%02d", "a%03", 3},
        {"v2_####_x.png", "v2_0042_x.png", 42},
        {"%4d", "0042", 42},
        {"a.exr", "a.exr", -2},
        {"%04d_%04d.png", "", -2},
        {"##.##", "", -2},
        {"50%.png", "50%.png", -2},
        {"a%s.png", "a%s.png", -2},
        {"%00012d", "", -2},
        {"a.%04d.exr", "a.99999999999999999999.exr", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_pattern p;
        long got = -2;
        if (ck_pattern_parse(cases[i].pattern, &p)) {
            got = ck_pattern_match(&p, cases[i].name);
            ck_pattern_free(&p);
        }
        ok(got == cases[i].number, "pattern %s, name %s: %ld", cases[i].pattern, cases[i].name, got);
    }
}

static void folders(void)
{
    is(one(".", NULL), "Z7:7@0 shot2:2@1 shot9:9@2 shot10:10@3 ünï cödé\n11:11@4",
       "a folder: images in natural order; hidden files, other files and folders are passed over");
    is(one("./", "9-10"), "shot9:9@2 shot10:10@3", "frames are file numbers, places stay");
    is(one("shot%d.png", NULL), "shot2:2@0 shot9:9@1 shot10:10@2", "a pattern without zeros");
    is(one("./shot#.png", "2,10"), "shot2:2@0 shot10:10@2", "a pattern with marks, in a folder");
    like(one("shot%04d.png", NULL), "E2 shot%04d.png: no file fits", "a pattern that nothing fits");
    like(one("shot%d.png", "3"), "no file has the number 3 asked for: they run from 2 to 10",
         "a number that is missing");
    like(one("shot%d.png", "2-11"), "number 11", "the end of a range that is missing");
    is(one("shot%d.png", "2-9"), "shot2:2@0 shot9:9@1", "gaps inside a range are the sequence's own");
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
    is(show(words, 2, NULL), "alpha:-1@0 beta:-1@1", "names without numbers");
    like(show(words, 2, "0-1"), "have no numbers", "frames of files without numbers");
    const char *twice[] = {"a1.png", "b1.png"};
    like(show(twice, 2, "1"), "have no numbers", "numbers that do not tell the files apart are none");
    is(one("frame.0001", NULL), "frame.0001:1@0", "digits are no suffix");
    is(one("20240101123456789012.png", NULL), "20240101123456789012:-1@0", "a serial number is no frame number");
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
    natural();
    ranges();
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
