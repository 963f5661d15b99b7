/* The option table: every type, its range, its messages. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/option.h"
#include "tap.h"

typedef struct opts {
    ck_common common;
    bool flag, hurry;
    int area, mode;
    double strength;
    const char *file, *device;
    size_t memory;
    ck_size size;
    ck_list planes;
} opts;

#define AT(f) offsetof(opts, f)
static const ck_option rows[] = {
    {'f', "flag", CK_FLAG, AT(flag), NULL, NULL, 0, 0, NULL, 0, "a flag", CK_IN_ALL},
    {0, "hurry", CK_FLAG, AT(hurry), NULL, NULL, 0, 0, NULL, 0, "a flag of the run", CK_IN_ALL | CK_RUN_ONLY},
    {0, "area", CK_INT, AT(area), "AREA", "400", 0, 1000, "off", -1, "an area", CK_IN_ALL},
    {'m', "mode", CK_CHOICE, AT(mode), NULL, "average", 0, 0, "average|max", 0, "a choice", CK_IN_ALL},
    {0, "strength", CK_FLOAT, AT(strength), "S", "0.5", 0, 1, NULL, 0, "a number", CK_IN_ALL},
    {0, "file", CK_STRING, AT(file), "FILE", NULL, 0, 0, NULL, 0, "a string", CK_IN_ALL},
    {'g', "size", CK_SIZE, AT(size), "WxH", NULL, 1, 65536, "auto", -1, "a size", CK_IN_ALL},
    {0, "memory", CK_BYTES, AT(memory), "BYTES", NULL, 1, 1e18, NULL, 0, "bytes", CK_IN_ALL},
    {'d', "device", CK_STRING, AT(device), "DEVICE", "auto", 0, 0, NULL, 0, "a kind", CK_IN_ALL | CK_KIND_ONLY},
    {0, "plane", CK_LIST, AT(planes), "NAME=FORMAT", NULL, 0, 0, NULL, 0, "a list", CK_IN_ALL},
    {0, "path", CK_RENAMED, 0, NULL, NULL, 0, 0, "file", 0, NULL, CK_IN_ALL},
    {0},
};
static ck_status check(const void *p, ck_error *err)
{
    const opts *given = p;
    return given->flag && given->file ? ck_fail(err, CK_ERR_ARGUMENT, "--flag and --file") : CK_OK;
}

static const ck_program program = {.name = "ck-test",
                                   .summary = "test",
                                   .usage = "FILE...",
                                   .options = rows,
                                   .options_size = sizeof(opts),
                                   .check = check};

static opts o;
static ck_list args;
static ck_error e;

static ck_status parse(const char *line)
{
    static char copy[400];
    static char *argv[40];
    int argc = 1;
    argv[0] = "ck-test";
    snprintf(copy, sizeof copy, "%s", line);
    for (char *t = strtok(copy, " "); t; t = strtok(NULL, " "))
        argv[argc++] = t;
    ck_options_free(&program, &o);
    free(args.items);
    e.text[0] = 0;
    return ck_options_parse(&program, argc, argv, &o, &args, &e);
}

static void refuses(const char *line, const char *text)
{
    ck_status s = parse(line);
    ok(s == CK_ERR_ARGUMENT && strstr(e.text, text), "%s: %s", line, e.text);
}

/* The settings that the line is recorded as. */
static void text(const char *line, const char *want)
{
    char *got = parse(line) == CK_OK ? ck_options_text(&program, &o) : NULL;
    ok(got && !strcmp(got, want), "'%s' is recorded as '%s': '%s'", line, want, got ? got : e.text);
    free(got);
}

static void texts(void)
{
    text("", "");
    text("--area 400 --mode average --strength .5 --memory 1 --no-flag", "--memory 1");
    text("--mode max --area 7 a b", "--area 7 --mode max");
    text("--area 7 --area off -m max", "--area off --mode max");
    text("-t 3 -v --hurry --trace t.json --timeout 5 --ring-bytes 1M -f", "--flag");
    text("--file /home/me/shot.mov", "--file shot.mov");
    text("--file shots/", "--file shots");
    text("--plane x=png --plane y=a|b", "--plane x=png --plane 'y=a|b'");
    text("-g 640", "--size 640x640");
    text("-g auto --memory 2K --strength 1e-3", "--strength 0.001 --size auto --memory 2048");
    text("-d cuda", "--device cuda");
    text("-d cuda:0,1", "--device cuda");
    text("-d auto", "");
    char *here = getcwd(NULL, 0), *base = ck_option_base_name(".");
    ok(here && base && !strcmp(base, strrchr(here, '/') + 1), "the base name of . is the folder's: %s", base);
    free(here);
    free(base);
    ok(!ck_option_changes_pixels(ck_option_find(&program, "threads")) &&
           ck_option_changes_pixels(ck_option_find(&program, "area")),
       "rows say whether they change pixels");
}

int main(void)
{
    texts();
    static const struct {
        const char *line;
        size_t want;
    } bytes[] = {{"--memory 1", 1},
                 {"--memory 3K", 3072},
                 {"--memory=512M", (size_t)512 << 20},
                 {"--memory 2G", (size_t)2 << 30},
                 {"--memory 1T", (size_t)1 << 40}};
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
        ok(parse(bytes[i].line) == CK_OK && o.memory == bytes[i].want, "%s is %zu", bytes[i].line, bytes[i].want);
    static const char *const none[] = {
        "--memory 0",  "--memory K",    "--memory 1k",        "--memory 1KB",
        "--memory -1", "--memory 1.5G", "--memory 20000000T", "--memory 99999999999999999999"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        refuses(none[i], "K, M, G or T");
    ok(parse("") == CK_OK && o.area == 400 && o.mode == 0 && o.strength == 0.5 && !o.flag && !o.file && !o.size.w &&
           o.common.threads == 0 && !args.n,
       "defaults");
    ok(parse("a -f --area off --mode=max b --strength 1 -g 640x360 --plane x=png --plane=y=exr -t3 - -- -z") == CK_OK,
       "everything at once %s", e.text);
    ok(o.flag && o.area == -1 && o.mode == 1 && o.strength == 1 && o.size.w == 640 && o.size.h == 360 &&
           o.common.threads == 3,
       "values arrive");
    ok(o.planes.n == 2 && !strcmp(o.planes.items[1], "y=exr"), "a list keeps its order");
    ok(args.n == 4 && !strcmp(args.items[1], "b") && !strcmp(args.items[2], "-") && !strcmp(args.items[3], "-z"),
       "arguments mix with options; - and what follows -- are arguments");
    ok(parse("--area 0 --strength 0 --strength 1e-3") == CK_OK && o.strength == 1e-3,
       "limits are inclusive; the last wins");
    refuses("--file=", "--file has an empty value");
    refuses("--plane=", "--plane has an empty value");
    char *empty[] = {"prog", "a", "", NULL};
    free(args.items);
    ok(ck_options_parse(&program, 3, empty, &o, &args, &e) == CK_ERR_ARGUMENT && strstr(e.text, "argument 2 is empty"),
       "an empty argument: %s", e.text);
    refuses("--area -1", "from 0 to 1000, or off");
    refuses("--area 1001", "1001");
    refuses("--area 3.5", "whole number");
    refuses("--area 0x10", "whole number");
    refuses("--area= --flag", "whole number");
    refuses("--strength nan", "a number from 0 to 1");
    refuses("--strength inf", "a number from 0 to 1");
    refuses("--strength 0.5x", "a number from 0 to 1");
    refuses("--strength 99999999999999999999999e999", "a number");
    refuses("--area 99999999999999999999", "whole number");
    refuses("--mode median", "one of average|max");
    refuses("--mode averag", "one of average|max");
    ok(parse("-g 640") == CK_OK && o.size.w == 640 && o.size.h == 640, "one number is a square");
    ok(parse("-g auto") == CK_OK && o.size.w == -1 && o.size.h == -1, "or the word that it has");
    refuses("-g autox640", "each from 1 to 65536, or auto");
    refuses("-g x640", "WIDTHxHEIGHT");
    refuses("-g 640x", "WIDTHxHEIGHT");
    refuses("-g 0", "from 1 to 65536");
    refuses("-g 0x5", "from 1 to 65536");
    refuses("-g 65537x5", "from 1 to 65536");
    refuses("--flag=1", "takes no value");
    refuses("--fla", "unknown option '--fla'");
    refuses("--path x", "--path has been renamed: use --file");
    refuses("--path", "use --file");
    refuses("-z", "unknown option '-z': see");
    refuses("--fla", "did you mean --flag? See ");
    refuses("--falg=3", "did you mean --flag? See ");
    refuses("--starngth 1", "did you mean --strength? See ");
    refuses("--therads 1", "did you mean --threads? See ");
    refuses("--aaer", "unknown option '--aaer': see"); /* 2 of 4 letters */
    refuses("--xyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyz", "xyz': see");
    refuses("--file", "needs a value");
    ok(parse("-f --no-flag -v --no-verbose") == CK_OK && !o.flag && !o.common.verbose, "a flag is taken back");
    ok(parse("--no-flag --flag") == CK_OK && o.flag, "and given again");
    refuses("--no-area", "unknown option '--no-area'");
    refuses("--no-fla", "unknown option '--no-fla'");
    refuses("--no-flag=1", "unknown option '--no-flag=1'");
    refuses("--file x -f", "--flag and --file");
    ok(parse("--file x -f --no-flag") == CK_OK, "what is left is looked at");
    ok(parse("--file x -f --help") == CK_OK, "not before help");
    ok(o.common.help == CK_HELP_BRIEF && parse("--help=all") == CK_OK && o.common.help == CK_HELP_ALL, "--help=all");
    ok(parse("-hall") == CK_OK && o.common.help == CK_HELP_ALL, "or behind the letter");
    ok(parse("--help all") == CK_OK && o.common.help == CK_HELP_BRIEF && args.n == 1, "the word must be attached");
    refuses("--help=al", "--help 'al' is not one of all");
    refuses("--no-help", "unknown option '--no-help'");
    ok(ck_option_find(&program, "mode") == &rows[3] && ck_option_find(&program, "threads") &&
           !ck_option_find(&program, "x"),
       "rows are found by name, common ones too");
    ck_options_free(&program, &o);
    free(args.items);
    return done_testing();
}
