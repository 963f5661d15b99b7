/* Stills as one sequence: which files, in which order, with which numbers and output names.
 *
 *     a file             itself
 *     several files      by number if their names differ in that alone, else in natural order
 *     a folder           its image files (by suffix), likewise; hidden files and folders are passed over.
 *                        Two sequences in one folder are refused
 *     shot.%04d.exr      by number; %04d and #### mean at least four digits, %d none with leading zeros,
 *     shot.####.exr      %% a percent sign; a file of exactly that name comes first
 */
#ifndef CK_IO_SEQUENCE_H
#define CK_IO_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "io/natural.h"
#include "io/ranges.h"

typedef struct ck_sequence_file {
    char *path;  /* of a stand-in: the file whose picture it shows */
    char *stem;  /* the name without folder and suffix; distinct within a sequence */
    long number; /* the last digits of the stem, or those of the pattern; CK_NO_NUMBER = none */
    long index;  /* place among all files, from 0, before frames are selected; with stand-ins, from the first number */
    size_t from, to; /* where the number, with its sign, is in the stem */
    bool black;      /* stands in for a file that does not exist, and is black */
} ck_sequence_file;

typedef struct ck_sequence {
    ck_sequence_file *files; /* owned, with their texts */
    size_t n, cap;
    bool numbered; /* every file has a number and no two the same */
    bool single;   /* … and the names differ in the number alone, so that holes are frames that are missing */
    /* Links of a folder or pattern that lead nowhere: they are not among the files. */
    ck_sequence_file *broken; /* owned */
    size_t n_broken, cap_broken;
} ck_sequence;

/* What becomes of frames that do not exist, in the order of CK_MISSING_WORDS. */
typedef enum ck_missing { CK_MISSING_ERROR, CK_MISSING_SKIP, CK_MISSING_BLACK, CK_MISSING_NEAREST } ck_missing;
#define CK_MISSING_WORDS "error|skip|black|nearest"

/* At least one file, or a failure that says what was looked for. */
ck_status ck_sequence_open(const char *const *inputs, int n, ck_sequence *out, ck_error *e);

/* Numbers that are missing between the first and the last, and those of broken links; out->n 0 is none. */
ck_status ck_sequence_holes(const ck_sequence *s, ck_ranges *out, ck_error *e);

/* Keep the numbers in `keep` (all if it is empty).  Those that do not exist, or cannot be read, are an error that lists
 * them, are skipped, or get a stand-in.  Without `keep` holes are no error. */
ck_status ck_sequence_select(ck_sequence *s, const ck_ranges *keep, ck_missing how, ck_error *e);

/* The numbers, or without any the places from 0, as a list for ck_ranges_parse. */
ck_status ck_sequence_numbers(const ck_sequence *s, ck_ranges *out, ck_error *e);

/* The file with that number, or NULL. */
const ck_sequence_file *ck_sequence_find(const ck_sequence *s, long number);

/* True if `path` names no file but is a pattern. */
bool ck_sequence_is_pattern(const char *path);

void ck_sequence_free(ck_sequence *s);

#endif
