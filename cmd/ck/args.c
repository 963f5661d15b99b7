#include "ck/args.h"

#include <stdlib.h>
#include <string.h>

ck_status ck_args_push(ck_plan_stage *s, const char *a, const char *b, ck_error *e)
{
    char **argv = realloc(s->argv, (size_t)(s->argc + 2) * sizeof *argv);
    if (argv) {
        s->argv = argv;
        argv[s->argc + 1] = NULL;
        argv[s->argc] = malloc(strlen(a) + strlen(b) + 1);
        if (argv[s->argc]) {
            strcpy(stpcpy(argv[s->argc++], a), b);
            return CK_OK;
        }
    }
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for a command line");
}

ck_status ck_args_option(ck_plan_stage *s, const ck_option *o, const char *value, bool back, ck_error *e)
{
    char name[80];
    snprintf(name, sizeof name, "--%s%s%s", back ? "no-" : "", o->name, value ? "=" : "");
    return ck_args_push(s, name, value ? value : "", e);
}

ck_status ck_args_first(ck_plan_stage *s, const char *a, const char *b, ck_error *e)
{
    ck_status st = ck_args_push(s, a, b, e);
    if (st != CK_OK)
        return st;
    char *last = s->argv[s->argc - 1];
    memmove(s->argv + 2, s->argv + 1, (size_t)(s->argc - 2) * sizeof *s->argv);
    s->argv[1] = last;
    return CK_OK;
}

ck_status ck_args_take(ck_plan_stage *s, const char *option, char **value, ck_error *e)
{
    ck_status st = CK_OK;
    int kept = 1;
    *value = NULL;
    for (int k = 1; k < s->argc; k++) {
        char name[64];
        ck_args_name(s->argv[k], name, sizeof name);
        if (strcmp(name, option)) {
            s->argv[kept++] = s->argv[k];
            continue;
        }
        const char *given = strchr(s->argv[k], '=');
        free(*value);
        *value = given ? strdup(given + 1) : NULL;
        if (given && !*value)
            st = ck_fail(e, CK_ERR_MEMORY, "out of memory for a command line");
        free(s->argv[k]);
    }
    s->argc = kept;
    s->argv[kept] = NULL;
    return st;
}

bool ck_args_has(const ck_plan_stage *s, const char *option)
{
    bool has = false;
    for (int k = 1; k < s->argc; k++) {
        char name[64];
        bool on = ck_args_name(s->argv[k], name, sizeof name);
        has = strcmp(name, option) ? has : on;
    }
    return has;
}

bool ck_args_name(const char *word, char *name, size_t n)
{
    const char *from = strncmp(word, "--", 2) ? "" : word + 2, *back = ck_option_taken_back(from);
    snprintf(name, n, "%.*s", (int)strcspn(back ? back : from, "="), back ? back : from);
    return !back;
}

bool ck_args_have(const ck_plan_stage *s, const char *word)
{
    for (int k = 1; k < s->argc; k++)
        if (!strcmp(s->argv[k], word))
            return true;
    return false;
}

ck_status ck_args_parse(const ck_plan_stage *s, void *opts, ck_error *e)
{
    ck_list arguments = {0};
    ck_status st = ck_options_parse(s->program, s->argc, s->argv, opts, &arguments, e);
    free(arguments.items);
    return st;
}

void ck_args_free(ck_plan_stage *s)
{
    for (int k = 0; k < s->argc; k++)
        free(s->argv[k]);
    free(s->argv);
}
