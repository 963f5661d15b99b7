/* ck: the front end. */
#include <stdio.h>
#include <string.h>

#include "base/help.h"
#include "base/log.h"
#include "base/near.h"
#include "base/stdio_guard.h"
#include "ck/commands.h"
#include "ck/programs.h"

static int command_help(int argc, char **argv);
static int command_version(int argc, char **argv);

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"key", ck_command_key, "key footage: build, run and watch the whole pipeline"},
    {"verify", ck_command_verify, "check that a job's files are all there and whole"},
    {"report", ck_command_report, "write a page about a job: frames to look at, curves, pictures"},
    {"model", ck_command_model, "fetch the public checkpoint, say which one is used, run ck-model"},
    {"doctor", ck_command_doctor, "check programs, libraries, model and devices"},
    {"formats", ck_command_formats, "list what this build reads and writes"},
    {"bench", ck_command_bench, "measure this machine: products, network, transport, codecs"},
    {"completion", ck_command_completion, "print the completion script of bash, zsh or fish"},
    {"help", command_help, "explain a command or program: ck help key, ck help hint"},
    {"version", command_version, "print the version"},
};
#define N (sizeof commands / sizeof *commands)

static int overview(void)
{
    printf("Usage: ck COMMAND [ARGUMENT]...\n\nck: green-screen keying as a pipeline of small programs\n\nCommands:\n");
    for (size_t i = 0; i < N; i++)
        printf("  %-12s%s\n", commands[i].name, commands[i].help);
    printf("\nPrograms:\n");
    for (const ck_program *const *p = ck_programs; *p; p++)
        printf("  %-12s%s\n", (*p)->name, (*p)->summary);
    printf("\nExamples:\n"
           "  ck key shot.mov out/\n"
           "  ck-decode shot.mov | ck-hint --method key | ck-post --classical |\n"
           "    ck-encode out/\n"
           "\nOptions: ck COMMAND --help, ck COMMAND --help=all. Manual: man 7 ck\n");
    return ck_log_flush_stdout();
}

static bool asks_for_help(int argc, char **argv)
{
    return argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "--help=all"));
}

static int command_version(int argc, char **argv)
{
    if (asks_for_help(argc, argv))
        return overview();
    if (argc > 1) {
        ck_log_error("unexpected argument '%s': ck version takes none", argv[1]);
        return 2;
    }
    printf("ck %s\n", CK_VERSION);
    return ck_log_flush_stdout();
}

/* The program called `name`, with "ck-" or without, or NULL. */
static const ck_program *program(const char *name)
{
    for (const ck_program *const *p = ck_programs; *p; p++)
        if (!strcmp((*p)->name, name) || !strcmp((*p)->name + strlen("ck-"), name))
            return *p;
    return NULL;
}

static int unknown(const char *name)
{
    const ck_program *p = program(name);
    ck_near near = {.typed = name, .n = strlen(name), .name = p ? p->name : NULL};
    for (size_t i = 0; i < N && !p; i++)
        ck_near_try(&near, commands[i].name);
    for (const ck_program *const *q = ck_programs; *q && !p; q++)
        ck_near_try(&near, (*q)->name);
    if (near.name)
        ck_log_error("unknown command '%s': did you mean '%s'? 'ck help' lists them", name, near.name);
    else
        ck_log_error("unknown command '%s': 'ck help' lists them", name);
    return 2;
}

static int explain(char *name)
{
    char option[] = "--help", *argv[] = {name, option, NULL};
    const ck_program *p = program(name);
    if (p) {
        ck_help_print(p, CK_HELP_BRIEF, stdout);
        return ck_log_flush_stdout();
    }
    if (!strcmp(name, "key"))
        return ck_command_key(2, argv);
    if (!strcmp(name, "verify"))
        return ck_command_verify(2, argv);
    if (!strcmp(name, "report"))
        return ck_command_report(2, argv);
    if (!strcmp(name, "model"))
        return ck_command_model(2, argv);
    if (!strcmp(name, "doctor"))
        return ck_command_doctor(2, argv);
    if (!strcmp(name, "formats"))
        return ck_command_formats(2, argv);
    if (!strcmp(name, "bench"))
        return ck_command_bench(2, argv);
    if (!strcmp(name, "completion"))
        return ck_command_completion(2, argv);
    return unknown(name);
}

static int command_help(int argc, char **argv)
{
    if (argc > 2) {
        ck_log_error("unexpected argument '%s': ck help takes one command", argv[2]);
        return 2;
    }
    return argc > 1 && !asks_for_help(argc, argv) ? explain(argv[1]) : overview();
}

int main(int argc, char **argv)
{
    ck_stdio_guard();
    ck_log_init("ck", CK_LOG_NORMAL);
    if (argc < 2) {
        ck_log_error("no command: try 'ck key INPUT OUT' or 'ck help'");
        return 2;
    }
    if (asks_for_help(2, argv))
        return overview();
    if (!strcmp(argv[1], "--version"))
        return command_version(1, argv);
    for (size_t i = 0; i < N; i++)
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].run(argc - 1, argv + 1);
    return unknown(argv[1]);
}
