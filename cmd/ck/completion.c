/* ck completion: scripts for bash, zsh and fish, made of the option tables. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ck/commands.h"
#include "ck/plan_inside.h"
#include "ck/programs.h"

typedef void row_printer(const ck_program *p, const ck_option *o);

static bool earlier(int stage, const ck_option *o)
{
    for (int i = 0; i < stage; i++)
        if (ck_option_find(ck_plan_stages[i].program, o->name))
            return true;
    return ck_option_find(&ck_key_program, o->name) != NULL;
}

/* The options of a program; those of `ck key` include the stages', each once. */
static void options(const ck_program *p, row_printer *print)
{
    for (const ck_option *o = p->options; o->name; o++)
        if (o->type != CK_RENAMED)
            print(p, o);
    for (const ck_option *o = ck_common_options; o->name; o++)
        if (!ck_option_lacks(p, o))
            print(p, o);
    for (int i = 0; p == &ck_key_program && i < CK_STAGES; i++)
        for (const ck_option *o = ck_plan_stages[i].program->options; o->name; o++)
            if (o->type != CK_RENAMED && !earlier(i, o))
                print(p, o);
}

/* The words "a|b|c" of a value with `between` instead of the bars. */
static void words(const ck_option *o, char between)
{
    for (const char *c = o->words ? o->words : ""; *c; c++)
        putchar(*c == '|' ? between : *c);
}

/* `text` within single quotes, for a shell; zsh also gives meaning to brackets and colons, which get a backslash. */
static void quoted(const char *text, const char *escaped)
{
    for (; *text; text++) {
        if (strchr(escaped, *text))
            putchar('\\');
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*text);
    }
}

/* ---- bash */

static void bash_option(const ck_program *p, const ck_option *o)
{
    (void)p;
    printf(" --%s", o->name);
}

static void bash_values(const ck_program *p, const ck_option *o)
{
    if (!o->words || !ck_option_takes_value(o))
        return;
    printf("    '%s':--%s) words='", p->name, o->name);
    words(o, ' ');
    printf("' ;;\n");
}

static void bash(void)
{
    printf("# bash completion of ck and its programs\n"
           "_ck() {\n"
           "    local program=${COMP_WORDS[0]##*/} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} "
           "words=\n"
           "    if [ \"$program\" = ck ]; then\n"
           "        if [ \"$COMP_CWORD\" = 1 ]; then\n"
           "            COMPREPLY=($(compgen -W '%s' -- \"$word\"))\n"
           "            return\n"
           "        fi\n"
           "        program=\"ck ${COMP_WORDS[1]}\"\n"
           "    fi\n"
           "    if [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD - 2]}; fi\n"
           "    if [ \"$word\" = = ]; then before=${COMP_WORDS[COMP_CWORD - 1]} word=; fi\n"
           "    case $program:$before in\n",
           CK_COMMAND_NAMES);
    options(&ck_key_program, bash_values);
    for (const ck_program *const *p = ck_programs; *p; p++)
        options(*p, bash_values);
    printf("    esac\n"
           "    case $word in -*)\n"
           "        case $program in\n"
           "        '%s') words='",
           ck_key_program.name);
    options(&ck_key_program, bash_option);
    printf("' ;;\n");
    for (const ck_program *const *p = ck_programs; *p; p++) {
        printf("        '%s') words='", (*p)->name);
        options(*p, bash_option);
        printf("' ;;\n");
    }
    printf("        esac ;;\n"
           "    esac\n"
           "    if [ -n \"$words\" ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$word\")); fi\n"
           "}\n"
           "complete -o default -F _ck ck");
    for (const ck_program *const *p = ck_programs; *p; p++)
        printf(" %s", (*p)->name);
    printf("\n");
}

/* ---- zsh */

static void zsh_option(const ck_program *p, const ck_option *o)
{
    (void)p;
    printf(" \\\n            '");
    if (o->letter)
        printf("(-%c --%s)'{-%c,--%s}'", o->letter, o->name, o->letter, o->name);
    else
        printf("--%s", o->name);
    printf("%s[", ck_option_takes_value(o) && !o->letter ? "=" : "");
    quoted(o->help, "[]:");
    printf("]");
    if (ck_option_takes_value(o)) {
        printf(":");
        quoted(o->metavar ? o->metavar : o->name, "[]:");
        if (o->words) {
            printf(":(");
            words(o, ' ');
            printf(")");
        } else {
            printf(":%s", o->type == CK_STRING || o->type == CK_LIST ? "_files" : "");
        }
    }
    printf("'");
}

static void zsh_program(const ck_program *p)
{
    printf("    '%s')\n        _arguments -s '*:file:_files'", p->name);
    options(p, zsh_option);
    printf(" ;;\n");
}

static void zsh(void)
{
    printf("#compdef ck");
    for (const ck_program *const *p = ck_programs; *p; p++)
        printf(" %s", (*p)->name);
    printf("\n"
           "local program=$service\n"
           "if [[ $program = ck ]]; then\n"
           "    if (( CURRENT == 2 )); then\n"
           "        compadd -- %s\n"
           "        return\n"
           "    fi\n"
           "    program=\"ck $words[2]\"\n"
           "    shift words\n"
           "    (( CURRENT-- ))\n"
           "fi\n"
           "case $program in\n",
           CK_COMMAND_NAMES);
    zsh_program(&ck_key_program);
    for (const ck_program *const *p = ck_programs; *p; p++)
        zsh_program(*p);
    printf("    *) _files ;;\nesac\n");
}

/* ---- fish */

static void fish_option(const ck_program *p, const ck_option *o)
{
    bool key = p == &ck_key_program;
    printf("complete -c %s%s -l %s", key ? "ck" : p->name, key ? " -n '__fish_seen_subcommand_from key'" : "", o->name);
    if (o->letter)
        printf(" -s %c", o->letter);
    if (ck_option_takes_value(o))
        printf(" -r");
    if (ck_option_takes_value(o) && o->words) {
        printf(" -f -a '");
        words(o, ' ');
        printf("'");
    }
    printf(" -d '");
    for (const char *c = o->help; *c; c++)
        printf(*c == '\'' || *c == '\\' ? "\\%c" : "%c", *c);
    printf("'\n");
}

static void fish(void)
{
    printf("# fish completion of ck and its programs\n"
           "complete -c ck -n __fish_use_subcommand -f -a '%s'\n",
           CK_COMMAND_NAMES);
    options(&ck_key_program, fish_option);
    for (const ck_program *const *p = ck_programs; *p; p++)
        options(*p, fish_option);
}

int ck_command_completion(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; argc == 2 && i < sizeof shells / sizeof *shells; i++)
        if (!strcmp(argv[1], shells[i].name)) {
            shells[i].print();
            return ck_log_flush_stdout();
        }
    if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
        printf("Usage: ck completion bash|zsh|fish\n\nck completion: print the shell's completion script\n\n"
               "Examples:\n  . <(ck completion bash)\n"
               "  ck completion zsh > ~/.zfunc/_ck\n"
               "  ck completion fish > ~/.config/fish/completions/ck.fish\n");
        return ck_log_flush_stdout();
    }
    ck_log_error("ck completion takes one of bash, zsh, fish, as in: . <(ck completion bash)");
    return 2;
}
