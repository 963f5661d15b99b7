/* Stills as one sequence: files, their order, numbers and output names.
 *
 *     a file             itself
 *     several files      by number if their names differ only in it, else in natural order
 *     a folder           its image files (by suffix), likewise; hidden files and folders are ignored.
 *                        Two sequences in one folder are refused
 *     shot.%04d.exr      by number; %04d and #### mean at least four digits, %d none with leading zeros,
 *     shot.####.exr      %% a percent sign; a file of exactly that name takes precedence */
#ifndef CK_IO_SEQUENCE_H
#define CK_IO_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "io/natural.h"
#include "io/ranges.h"

typedef struct ck_sequence_file {
    char *path;      /* of a stand-in: the file shown in its place */
    char *stem;      /* name without folder and suffix; distinct within a sequence */
    long number;     /* last digits of the stem, or digits of the pattern; CK_NO_NUMBER = none */
    long index;      /* position from 0 before selection; with stand-ins, number - first number */
    size_t from, to; /* the number, sign included, in the stem */
    bool black;      /* a black stand-in for a missing file */
} ck_sequence_file;

typedef struct ck_sequence {
    ck_sequence_file *files; /* owned, including their texts */
    size_t n, cap;
    bool numbered; /* every file has a number, all distinct */
    bool single;   /* ... and names differ only in the number, so that holes are missing frames */
    /* Dangling links in a folder or pattern; not among the files. */
    ck_sequence_file *broken; /* owned */
    size_t n_broken, cap_broken;
} ck_sequence;

/* Treatment of missing frames, in the order of CK_MISSING_WORDS. */
typedef enum ck_missing { CK_MISSING_ERROR, CK_MISSING_SKIP, CK_MISSING_BLACK, CK_MISSING_NEAREST } ck_missing;
#define CK_MISSING_WORDS "error|skip|black|nearest"

/* Find at least one file, or fail and say what was looked for. */
ck_status ck_sequence_open(const char *const *inputs, int n, ck_sequence *out, ck_error *e);

/* Missing numbers between the first and the last, and those of dangling links; out->n = 0 means none. */
ck_status ck_sequence_holes(const ck_sequence *s, ck_ranges *out, ck_error *e);

/* Keep the numbers in `keep` (all if empty).  Numbers in it that are missing or unreadable are handled as `how` says:
 * an error that lists them, skipped, or replaced by a stand-in.  Without `keep`, holes are not an error. */
ck_status ck_sequence_select(ck_sequence *s, const ck_ranges *keep, ck_missing how, ck_error *e);

/* The numbers, or positions from 0 if there are no numbers, in the format of ck_ranges_parse. */
ck_status ck_sequence_numbers(const ck_sequence *s, ck_ranges *out, ck_error *e);

/* The file with that number, or NULL. */
const ck_sequence_file *ck_sequence_find(const ck_sequence *s, long number);

/* True if `path` names no file but is a pattern. */
bool ck_sequence_is_pattern(const char *path);

void ck_sequence_free(ck_sequence *s);

#endif
