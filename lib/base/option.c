#include "base/option.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define COMMON(field) offsetof(ck_common, field)
const ck_option ck_common_options[] = {
    {'t', "threads", CK_INT, COMMON(threads), "N", "0", 0, 1024, NULL, 0, "worker threads; 0: all cores",
     CK_IN_HELP | CK_RUN_ONLY},
    {'v', "verbose", CK_FLAG, COMMON(verbose), NULL, NULL, 0, 0, NULL, 0,
     "report inputs, guesses and actions on stderr", CK_IN_KEY | CK_RUN_ONLY},
    {'q', "quiet", CK_FLAG, COMMON(quiet), NULL, NULL, 0, 0, NULL, 0, "no progress and no notices",
     CK_IN_ALL | CK_RUN_ONLY},
    {0, "keep-going", CK_FLAG, COMMON(keep_going), NULL, NULL, 0, 0, NULL, 0,
     "continue after a failed frame (exit status 3)", CK_IN_ALL | CK_RUN_ONLY},
    {0, "timeout", CK_FLOAT, COMMON(timeout), "SECONDS", "0", 0, 1e6, NULL, 0,
     "abort after SECONDS without progress from a neighbour; 0: never", CK_IN_ALL | CK_RUN_ONLY},
    {0, "ring-bytes", CK_BYTES, COMMON(ring_bytes), "N", "auto", 0, 0, "auto", -1,
     "ring size shared with the downstream stage, in bytes (K, M, G, T); 0: none; auto: a quarter of available memory",
     CK_IN_ALL | CK_RUN_ONLY},
    {0, "trace", CK_STRING, COMMON(trace), "FILE", NULL, 0, 0, NULL, 0,
     "write a Chrome trace of where the time goes, for Perfetto", CK_IN_ALL | CK_RUN_ONLY},
    {'h', "help", CK_FLAG_WORD, COMMON(help), NULL, NULL, 0, 0, "all", 0,
     "print the most used options, or all, and exit", CK_IN_KEY | CK_RUN_ONLY},
    {0, "version", CK_FLAG, COMMON(version), NULL, NULL, 0, 0, NULL, 0, "print the version and exit",
     CK_IN_ALL | CK_RUN_ONLY},
    {0},
};

bool ck_list_add(ck_list *l, const char *s)
{
    const char **items = realloc(l->items, (size_t)(l->n + 1) * sizeof *items);
    if (!items)
        return false;
    l->items = items;
    l->items[l->n++] = s;
    return true;
}

static const ck_option *find(const ck_option *rows, const char *name, size_t n, char letter)
{
    for (; rows && rows->name; rows++)
        if (letter ? rows->letter == letter : strlen(rows->name) == n && !strncmp(rows->name, name, n))
            return rows;
    return NULL;
}

/* Index of `value` in the list "a|b|c" (`between` is the '|'), or -1. */
static int word_index(const char *words, char between, const char *value)
{
    size_t n = strlen(value);
    for (int i = 0; words; i++) {
        const char *end = strchrnul(words, between);
        size_t len = (size_t)(end - words);
        if (len == n && !strncmp(words, value, n))
            return i;
        words = *end ? end + 1 : NULL;
    }
    return -1;
}

bool ck_option_lacks(const ck_program *p, const ck_option *common)
{
    return p->without && word_index(p->without, ' ', common->name) >= 0;
}

/* The common row of that name or letter if the program has it, else NULL. */
static const ck_option *find_common(const ck_program *p, const char *name, size_t n, char letter)
{
    const ck_option *o = find(ck_common_options, name, n, letter);
    return o && !ck_option_lacks(p, o) ? o : NULL;
}

const ck_option *ck_option_find(const ck_program *p, const char *name)
{
    const ck_option *o = find(p->options, name, strlen(name), 0);
    return o ? o : find_common(p, name, strlen(name), 0);
}

const char *ck_option_taken_back(const char *name)
{
    return strncmp(name, "no-", 3) ? NULL : name + 3;
}

bool ck_option_takes_value(const ck_option *o)
{
    return o->type != CK_FLAG && o->type != CK_FLAG_WORD;
}

ck_status ck_option_current(const ck_option *o, ck_error *e)
{
    return o->type != CK_RENAMED ? CK_OK
                                 : ck_fail(e, CK_ERR_ARGUMENT, "--%s has been renamed: use --%s", o->name, o->words);
}

static bool limited(const ck_option *o)
{
    return o->min != 0 || o->max != 0;
}

/* The values that an option takes, for messages and help: "a number from 0 to 1". */
static void describe(const ck_option *o, char *buf, size_t n)
{
    const char *kind = o->type == CK_INT ? "a whole number" : "a number";
    if (o->type == CK_CHOICE || o->type == CK_FLAG_WORD)
        snprintf(buf, n, "one of %s", o->words);
    else if (o->type == CK_SIZE)
        snprintf(buf, n, "WIDTHxHEIGHT or one number for both, each from %g to %g%s%s", o->min, o->max,
                 o->words ? ", or " : "", o->words ? o->words : "");
    else if (o->type == CK_BYTES)
        snprintf(buf, n, "a number of bytes, with K, M, G or T for powers of 1024%s%s%s", limited(o) ? ", above 0" : "",
                 o->words ? ", or " : "", o->words ? o->words : "");
    else if (limited(o))
        snprintf(buf, n, "%s from %g to %g%s%s", kind, o->min, o->max, o->words ? ", or " : "",
                 o->words ? o->words : "");
    else
        snprintf(buf, n, "%s%s%s", kind, o->words ? ", or " : "", o->words ? o->words : "");
}

static bool number(const char *text, bool whole, double *out)
{
    char *end;
    errno = 0;
    /* strtod also accepts leading space, "0x", "inf" and "nan": refuse those. */
    if (!*text || strspn(text, whole ? "+-0123456789" : "+-.0123456789eE") != strlen(text))
        return false;
    *out = whole ? (double)strtol(text, &end, 10) : strtod(text, &end);
    return !*end && !errno && isfinite(*out) && (!whole || (*out >= INT_MIN && *out <= INT_MAX));
}

static bool in_range(const ck_option *o, double v)
{
    return !limited(o) || (v >= o->min && v <= o->max);
}

static bool parse_size(const ck_option *o, const char *text, ck_size *size)
{
    const char *x = strchr(text, 'x');
    size_t n = x ? (size_t)(x - text) : strlen(text);
    char left[16];
    double w, h;
    if (o->words && !strcmp(text, o->words)) {
        *size = (ck_size){o->word_value, o->word_value};
        return true;
    }
    if (n >= sizeof left)
        return false;
    memcpy(left, text, n);
    left[n] = 0;
    if (!number(left, true, &w) || !number(x ? x + 1 : left, true, &h) || !in_range(o, w) || !in_range(o, h))
        return false;
    *size = (ck_size){(int)w, (int)h};
    return true;
}

static bool parse_bytes(const ck_option *o, const char *text, size_t *bytes)
{
    static const char units[] = "KMGT";
    size_t n = strlen(text), digits = strspn(text, "0123456789");
    const char *unit = digits < n ? strchr(units, text[digits]) : NULL;
    char *end;
    if (o->words && !strcmp(text, o->words)) {
        *bytes = (size_t)o->word_value;
        return true;
    }
    errno = 0;
    if (!digits || n > digits + 1 || (digits < n && !unit))
        return false;
    unsigned long v = strtoul(text, &end, 10);
    if (errno || !ck_mul(v, (size_t)1 << (unit ? 10 * (unit - units + 1) : 0), bytes))
        return false;
    return in_range(o, (double)*bytes);
}

static bool store(const ck_option *o, const char *value, void *field)
{
    double v;
    int i;
    switch (o->type) {
    case CK_FLAG:
        *(bool *)field = true;
        return true;
    case CK_FLAG_WORD:
        *(int *)field = *value ? 2 : 1;
        return !*value || !strcmp(value, o->words);
    case CK_INT:
        if ((i = word_index(o->words, '|', value)) >= 0) {
            *(int *)field = o->word_value + i;
            return true;
        }
        if (!number(value, true, &v) || !in_range(o, v))
            return false;
        *(int *)field = (int)v;
        return true;
    case CK_FLOAT:
        if ((i = word_index(o->words, '|', value)) >= 0) {
            *(double *)field = o->word_value + i;
            return true;
        }
        if (!number(value, false, &v) || !in_range(o, v))
            return false;
        *(double *)field = v;
        return true;
    case CK_STRING:
        *(const char **)field = value;
        return true;
    case CK_CHOICE:
        i = word_index(o->words, '|', value);
        if (i >= 0)
            *(int *)field = i;
        return i >= 0;
    case CK_SIZE:
        return parse_size(o, value, field);
    case CK_BYTES:
        return parse_bytes(o, value, field);
    case CK_LIST:
        return ck_list_add(field, value);
    case CK_RENAMED:
        return false;
    }
    return false;
}

static ck_status set(const ck_program *p, const ck_option *o, const char *value, void *opts, ck_error *e)
{
    if (store(o, value, (char *)opts + o->offset))
        return CK_OK;
    char range[200];
    describe(o, range, sizeof range);
    return ck_fail(e, CK_ERR_ARGUMENT, "--%s '%s' is not %s: see %s --help=all", o->name, value, range, p->name);
}

static ck_status defaults(const ck_program *p, const ck_option *rows, void *opts, ck_error *e)
{
    for (; rows && rows->name; rows++) {
        ck_status s = rows->init ? set(p, rows, rows->init, opts, e) : CK_OK;
        if (s != CK_OK)
            return s;
    }
    return CK_OK;
}

/* The flag that "--no-NAME" turns off, or NULL. */
static const ck_option *taken_back(const ck_program *p, const char *arg)
{
    const char *name = strncmp(arg, "--", 2) ? NULL : ck_option_taken_back(arg + 2);
    const ck_option *o = name ? ck_option_find(p, name) : NULL;
    return o && o->type == CK_FLAG ? o : NULL;
}

void ck_option_try(ck_near *near, const ck_program *p)
{
    for (const ck_option *o = p->options; o && o->name; o++)
        if (o->type != CK_RENAMED)
            ck_near_try(near, o->name);
    for (const ck_option *o = ck_common_options; o->name; o++)
        if (!ck_option_lacks(p, o))
            ck_near_try(near, o->name);
}

static ck_status unknown(const ck_program *p, const char *arg, ck_error *e)
{
    ck_near near = {.typed = arg + 2, .n = strcspn(arg + 2, "=")};
    if (arg[1] == '-')
        ck_option_try(&near, p);
    return near.name ? ck_fail(e, CK_ERR_ARGUMENT, "unknown option '%s': did you mean --%s? See %s --help=all", arg,
                               near.name, p->name)
                     : ck_fail(e, CK_ERR_ARGUMENT, "unknown option '%s': see %s --help=all", arg, p->name);
}

/* Parse one argument that starts with '-'.  *i advances if the value is the next argument. */
static ck_status option(const ck_program *p, int argc, char **argv, int *i, void *opts, ck_error *e)
{
    const char *arg = argv[*i], *value = NULL;
    const ck_option *o;
    if (arg[1] == '-') {
        size_t n = strcspn(arg + 2, "=");
        o = find(p->options, arg + 2, n, 0);
        o = o ? o : find_common(p, arg + 2, n, 0);
        value = arg[2 + n] ? arg + 3 + n : NULL;
    } else {
        o = find(p->options, NULL, 0, arg[1]);
        o = o ? o : find_common(p, NULL, 0, arg[1]);
        value = arg[2] ? arg + 2 : NULL;
    }
    if (!o && (o = taken_back(p, arg))) {
        *((bool *)((char *)opts + o->offset)) = false;
        return CK_OK;
    }
    if (!o)
        return unknown(p, arg, e);
    ck_status s = ck_option_current(o, e);
    if (s != CK_OK)
        return s;
    if (!ck_option_takes_value(o)) {
        if (value && o->type == CK_FLAG)
            return ck_fail(e, CK_ERR_ARGUMENT, "--%s takes no value, but '%s' gives one: see %s --help", o->name, arg,
                           p->name);
        return set(p, o, value ? value : "", opts, e);
    }
    if (!value && *i + 1 < argc)
        value = argv[++*i];
    if (!value)
        return ck_fail(e, CK_ERR_ARGUMENT, "%s needs a value: see %s --help", arg, p->name);
    if (!*value && (o->type == CK_STRING || o->type == CK_LIST))
        return ck_fail(e, CK_ERR_ARGUMENT, "--%s has an empty value: is a shell variable unset?", o->name);
    return set(p, o, value, opts, e);
}

ck_status ck_option_argument(const char *arg, ck_list *args, ck_error *e)
{
    if (!*arg)
        return ck_fail(e, CK_ERR_ARGUMENT, "argument %d is empty: is a shell variable unset?", args->n + 1);
    return ck_list_add(args, arg) ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for arguments");
}

ck_status ck_options_parse(const ck_program *p, int argc, char **argv, void *opts, ck_list *args, ck_error *e)
{
    memset(opts, 0, p->options_size);
    *args = (ck_list){0};
    ck_status s = defaults(p, ck_common_options, opts, e);
    if (s == CK_OK)
        s = defaults(p, p->options, opts, e);
    bool plain = false;
    for (int i = 1; i < argc && s == CK_OK; i++) {
        if (!plain && !strcmp(argv[i], "--"))
            plain = true;
        else if (!plain && argv[i][0] == '-' && argv[i][1])
            s = option(p, argc, argv, &i, opts, e);
        else
            s = ck_option_argument(argv[i], args, e);
    }
    const ck_common *common = opts;
    return s == CK_OK && p->check && !common->help && !common->version ? p->check(opts, e) : s;
}

void ck_options_free(const ck_program *p, void *opts)
{
    for (const ck_option *o = p->options; o && o->name; o++) {
        if (o->type == CK_LIST) {
            ck_list *l = (ck_list *)((char *)opts + o->offset);
            free(l->items);
            *l = (ck_list){0};
        }
    }
}
