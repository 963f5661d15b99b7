/* One option table per program.  Parsing, ranges, --help and the test of the manual page follow from it.
 *
 * A row names a field of the program's option struct by its offset.  The common rows (--threads, --verbose,
 * --keep-going, --timeout, --ring-bytes, --trace, --help, --version) belong to every table, except those listed in
 * `without`. */
#ifndef CK_BASE_OPTION_H
#define CK_BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/near.h"
#include "base/status.h"

typedef enum ck_option_type {
    CK_FLAG,      /* bool */
    CK_FLAG_WORD, /* int: 1 for --name, 2 for --name=WORD, where `words` is that one word */
    CK_INT,       /* int; `words` may name words ("auto|off") for `word_value` and what follows */
    CK_FLOAT,     /* double; `words` as for CK_INT */
    CK_STRING,    /* const char *, borrowed from argv */
    CK_CHOICE,    /* int: index into `words` ("a|b|c") */
    CK_SIZE,      /* ck_size, "WxH", or "N" for NxN; one of `words`: both sides are then word_value */
    CK_BYTES,     /* size_t: "512M", "2G", "4096"; K, M, G, T are powers of 1024; one of `words`, -1 = SIZE_MAX */
    CK_LIST,      /* ck_list: every use appends */
    CK_RENAMED    /* an old name, refused; `words`: the name that replaced it */
} ck_option_type;

typedef struct ck_size {
    int w, h; /* pixels; 0 x 0 = not given */
} ck_size;

typedef struct ck_list {
    const char **items; /* borrowed from argv; the array is owned */
    int n;
} ck_list;

/* The least help text that lists an option. */
typedef enum ck_listed {
    CK_IN_ALL,  /* --help=all */
    CK_IN_HELP, /* --help of its program too */
    CK_IN_KEY,  /* --help of `ck key` too */
    CK_LISTED   /* mask of these */
} ck_listed;

/* Added to a row's ck_listed: the option concerns the run (which frames, how many threads) and never the result of a
 * frame.  Such options appear neither in files nor in the settings of a job. */
#define CK_RUN_ONLY 4
/* Added to a row's ck_listed: only the part of the value before a colon changes results and is recorded, such as "cuda"
 * of "cuda:0,1". */
#define CK_KIND_ONLY 8

enum { CK_HELP_NONE, CK_HELP_BRIEF, CK_HELP_ALL }; /* --help, --help=all */

typedef struct ck_option {
    char letter;      /* short option, 0 = none */
    const char *name; /* without the dashes, never "no-…"; NULL ends the table */
    ck_option_type type;
    size_t offset;
    const char *metavar; /* "FILE"; NULL for flags, and for choices that show their words */
    const char *init;    /* default as typed on the command line; NULL = zero */
    double min, max;     /* for CK_INT, CK_FLOAT, CK_BYTES and each side of CK_SIZE; both 0 = no limit */
    const char *words;   /* meaning depends on the type, see above */
    int word_value;
    const char *help; /* imperative or noun phrase, no full stop; the default is added */
    int listed;       /* ck_listed, plus CK_RUN_ONLY or CK_KIND_ONLY */
} ck_option;

#define CK_VERSION "0.1.0" /* stated here only */

#define CK_RING_AUTO ((size_t)-1) /* a quarter of available memory */

typedef struct ck_common {
    int threads; /* 0 = all cores */
    bool verbose, quiet, keep_going, version;
    int help;          /* CK_HELP_NONE, … */
    double timeout;    /* seconds without progress of a neighbour; 0 = wait for ever */
    const char *trace; /* file, or NULL */
    size_t ring_bytes; /* of the ring shared with the downstream stage, or CK_RING_AUTO */
} ck_common;

/* A program's name, usage and options, used by its main, by `ck key` and by the tests. */
typedef struct ck_program {
    const char *name;    /* "ck-hint" */
    const char *summary; /* "make a coarse alpha hint from a plate" */
    const char *usage;   /* the arguments after the options: "INPUT..." or "" */
    const ck_option *options;
    size_t options_size;  /* of the program's struct; its first member is a ck_common */
    const char *examples; /* one command per line, the most useful first; a line that starts with a space goes on */
    const char *page;     /* its manual page; NULL: as its name; "": none */
    const char *without;  /* common options that mean nothing to it, "timeout ring-bytes"; NULL: it has all */
    /* Checks that no row can express, such as options that exclude each other:  CK_ERR_ARGUMENT.  NULL: none. */
    ck_status (*check)(const void *opts, ck_error *e);
    const char *version; /* NULL: CK_VERSION */
} ck_program;

/* Set `opts` (options_size bytes) to the defaults, then parse argv.  The last occurrence of an option wins.  Options
 * and arguments may mix; "--" ends options; "-" is an argument.  A value may be attached (--name=value, -nvalue);
 * --no-name turns a flag off.  Empty values and arguments are refused.  *args receives the arguments, borrowed from
 * argv; the caller frees args->items. */
ck_status ck_options_parse(const ck_program *p, int argc, char **argv, void *opts, ck_list *args, ck_error *e);

/* Append an argument that is not an option.  An empty one is refused: it usually is an unset variable, and a path made
 * of it would name another place. */
ck_status ck_option_argument(const char *arg, ck_list *args, ck_error *e);

/* Release the lists in `opts`. */
void ck_options_free(const ck_program *p, void *opts);

/* The rows of every program. */
extern const ck_option ck_common_options[];

/* The row with the long name `name`, in the table or among the common ones, or NULL. */
const ck_option *ck_option_find(const ck_program *p, const char *name);

/* Offer the names of the program's options to `near`. */
void ck_option_try(ck_near *near, const ck_program *p);

/* True if the program does without this common row. */
bool ck_option_lacks(const ck_program *p, const ck_option *common);

/* True if a value follows that is not attached. */
bool ck_option_takes_value(const ck_option *o);

/* CK_OK unless the row is an old name: CK_ERR_ARGUMENT that gives the new one. */
ck_status ck_option_current(const ck_option *o, ck_error *e);

/* The NAME in "no-NAME", or NULL if `name` is not a name of that form. */
const char *ck_option_taken_back(const char *name);

/* False if the option never changes a frame's result. */
bool ck_option_changes_pixels(const ck_option *o);

/* The options in `opts` that change pixels and differ from their defaults, as for a shell, in the order of the table:
 * "--screen blue --hint a.mov".  Files are named without their folders.  The text is the caller's; NULL when out of
 * memory.  Equal text: equal settings, in whatever order and form they were typed. */
char *ck_options_text(const ck_program *p, const void *opts);

/* The last part of a path, for files that must not depend on where they were made; "." is resolved.  The text is the
 * caller's; NULL when out of memory. */
char *ck_option_base_name(const char *path);

/* Append the pointer `s` (the string is not copied); false when out of memory. */
bool ck_list_add(ck_list *l, const char *s);

#endif
