/* ck: the front end. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/option.h"
#include "base/stdio_guard.h"
#include "ck/commands.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"key", ck_command_key, "key footage: build, run and watch the whole pipeline"},
    {"doctor", ck_command_doctor, "say what this machine has and what is missing"},
};
#define N (sizeof commands / sizeof *commands)

static int help(void)
{
    printf("Usage: ck COMMAND [ARGUMENT]...\n\nck: green-screen keying as a pipeline of small programs\n\nCommands:\n");
    for (size_t i = 0; i < N; i++)
        printf("  %-10s%s\n", commands[i].name, commands[i].help);
    printf("\n'ck COMMAND --help' explains one; 'man 7 ck' the programs and how they fit together.\n");
    return fflush(stdout) || ferror(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
    ck_stdio_guard();
    ck_log_init("ck", false);
    if (argc < 2) {
        ck_log_error("no command: try 'ck key INPUT OUT' or 'ck --help'");
        return 2;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return help();
    if (!strcmp(argv[1], "--version")) {
        printf("ck %s\n", CK_VERSION);
        return fflush(stdout) || ferror(stdout) ? 1 : 0;
    }
    for (size_t i = 0; i < N; i++)
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].run(argc - 1, argv + 1);
    ck_log_error("unknown command '%s': try 'ck --help'", argv[1]);
    return 2;
}
