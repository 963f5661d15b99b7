/* Stills as one sequence: which files, in which order, with which numbers and output names.
 *
 *     a file             itself
 *     several files      in natural order
 *     a folder           its image files (by suffix) in natural order; hidden files and folders are passed over
 *     shot.%04d.exr      by number; %04d and #### mean at least four digits, %d none with leading zeros,
 *     shot.####.exr      %% a percent sign; a file of exactly that name comes first
 */
#ifndef CK_IO_SEQUENCE_H
#define CK_IO_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "io/ranges.h"

typedef struct ck_sequence_file {
    char *path;
    char *stem;  /* the name without folder and suffix; distinct within a sequence */
    long number; /* the last digits of the stem, or those of the pattern; -1 = none */
    long index;  /* place among all files, from 0, before ck_sequence_select */
} ck_sequence_file;

typedef struct ck_sequence {
    ck_sequence_file *files; /* owned, with their texts */
    size_t n, cap;
    bool numbered; /* every file has a number and no two the same */
} ck_sequence;

/* At least one file, or a failure that says what was looked for. */
ck_status ck_sequence_open(const char *const *inputs, int n, ck_sequence *out, ck_error *e);

/* Keep the numbers in `keep`.  A number written there, alone or as an end of a range, must exist. */
ck_status ck_sequence_select(ck_sequence *s, const ck_ranges *keep, ck_error *e);

/* The file with that number, or NULL. */
const ck_sequence_file *ck_sequence_find(const ck_sequence *s, long number);

/* True if `path` names no file but is a pattern. */
bool ck_sequence_is_pattern(const char *path);

void ck_sequence_free(ck_sequence *s);

#endif
