/* Options as text: what a file or a job records of a command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/option.h"
#include "base/quote.h"

bool ck_option_changes_pixels(const ck_option *o)
{
    return !(o->listed & CK_RUN_ONLY);
}

/* The path without its folders.  A name that says nothing, such as "." or "a/..", is resolved first. */
static void print_base(const char *path, FILE *f)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    const char *from = path + n;
    while (from > path && from[-1] != '/')
        from--;
    bool dots = *from == '.' && strspn(from, "./") == strlen(from);
    char *real = dots ? realpath(path, NULL) : NULL, *slash = real ? strrchr(real, '/') : NULL;
    if (slash)
        fputs(slash[1] ? slash + 1 : slash, f);
    else
        fprintf(f, "%.*s", (int)(path + n - from), from);
    free(real);
}

char *ck_option_base_name(const char *path)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    if (!f)
        return NULL;
    print_base(path, f);
    if (!fclose(f))
        return text;
    free(text);
    return NULL;
}

/* Print a string option's value; "FILE" and "NAME=FILE" without folders, "KIND:NUMBER" without number. */
static void print_string(const ck_option *o, const char *value, FILE *f)
{
    const char *equals = strchr(value, '=');
    if (!o->metavar || !strstr(o->metavar, "FILE")) {
        fprintf(f, "%.*s", (int)(o->listed & CK_KIND_ONLY ? strcspn(value, ":") : strlen(value)), value);
    } else if (strcmp(o->metavar, "FILE") && equals) {
        fprintf(f, "%.*s", (int)(equals + 1 - value), value);
        print_base(equals + 1, f);
    } else {
        print_base(value, f);
    }
}

/* Print word number i of "a|b|c"; false if there are not as many. */
static bool print_word(const char *words, double i, FILE *f)
{
    for (; words && i >= 0; i--) {
        size_t n = strcspn(words, "|");
        if (i == 0)
            return fprintf(f, "%.*s", (int)n, words) >= 0;
        words = words[n] ? words + n + 1 : NULL;
    }
    return false;
}

static void print_size(const ck_option *o, ck_size v, FILE *f)
{
    if (o->words && v.w == o->word_value)
        fputs(o->words, f);
    else
        fprintf(f, "%dx%d", v.w, v.h);
}

/* Print the value in `field`; of a list its item number `i`. */
static void print_value(const ck_option *o, const void *field, int i, FILE *f)
{
    double v = o->type == CK_FLOAT ? *(const double *)field : o->type == CK_INT ? *(const int *)field : 0;
    const char *string = o->type == CK_STRING ? *(const char *const *)field : NULL;
    size_t bytes = o->type == CK_BYTES ? *(const size_t *)field : 0;
    if (o->type == CK_CHOICE)
        print_word(o->words, *(const int *)field, f);
    else if (o->type == CK_FLAG || o->type == CK_FLAG_WORD)
        fprintf(f, "%d", o->type == CK_FLAG ? *(const bool *)field : *(const int *)field);
    else if (o->type == CK_SIZE)
        print_size(o, *(const ck_size *)field, f);
    else if (o->type == CK_BYTES && o->words && bytes == (size_t)o->word_value)
        fputs(o->words, f);
    else if (o->type == CK_BYTES)
        fprintf(f, "%zu", bytes);
    else if ((o->type == CK_INT || o->type == CK_FLOAT) && !print_word(o->words, v - o->word_value, f))
        fprintf(f, "%.15g", v);
    else if (o->type == CK_LIST)
        print_string(o, ((const ck_list *)field)->items[i], f);
    else if (string)
        print_string(o, string, f);
}

static char *value_text(const ck_option *o, const void *opts, int i)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    if (!f)
        return NULL;
    print_value(o, (const char *)opts + o->offset, i, f);
    if (!fclose(f))
        return text;
    free(text);
    return NULL;
}

/* Print " --name value" if the value differs from the default; false when out of memory. */
static bool print_option(const ck_option *o, const void *opts, const void *defaults, FILE *f)
{
    const ck_list *list = o->type == CK_LIST ? (const void *)((const char *)opts + o->offset) : NULL;
    bool good = true;
    for (int i = 0; i < (list ? list->n : 1) && good; i++) {
        char *value = value_text(o, opts, i), *init = list ? strdup("") : value_text(o, defaults, 0);
        good = value && init;
        if (good && strcmp(value, init)) {
            fprintf(f, "%s--%s", ftell(f) ? " " : "", o->name);
            if (ck_option_takes_value(o)) {
                fputc(' ', f);
                ck_quote_print(f, value);
            }
        }
        free(value);
        free(init);
    }
    return good;
}

char *ck_options_text(const ck_program *p, const void *opts)
{
    char *text = NULL;
    size_t n;
    ck_list args = {0};
    void *defaults = calloc(1, p->options_size);
    FILE *f = open_memstream(&text, &n);
    bool good = defaults && f && ck_options_parse(p, 1, (char *[]){"", NULL}, defaults, &args, NULL) == CK_OK;
    for (const ck_option *o = p->options; good && o && o->name; o++)
        if (o->type != CK_RENAMED && ck_option_changes_pixels(o))
            good = print_option(o, opts, defaults, f);
    if (defaults)
        ck_options_free(p, defaults);
    free(defaults);
    free(args.items);
    good = f && !fclose(f) && good;
    if (!good)
        free(text);
    return good ? text : NULL;
}
