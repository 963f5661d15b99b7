/* Names of stills, by the pattern of ck-encode's --name.
 *
 *     {plane}          FG, Matte, Processed, Comp, EXR, or NAME of --plane
 *     {stem}           the frame's stem
 *     {frame}          the frame's own number; {frame:04} in at least four digits
 *     {shot}           the source's name without folder, number and suffix
 *
 * A suffix of a still format at the end of a pattern is dropped: every file has that of its own format. */
#ifndef CK_SHARED_NAMING_H
#define CK_SHARED_NAMING_H

#include <stdbool.h>

#include "base/status.h"

#define CK_NAMING_DEFAULT "{plane}/{stem}"

typedef struct ck_naming {
    char *pattern; /* without suffix; owned */
    char *shot;    /* owned; NULL until ck_naming_set_shot */
} ck_naming;

typedef struct ck_still_name {
    const char *stem; /* borrowed */
    long number;
} ck_still_name;

/* Refuses unknown fields, absolute patterns, and parts that are empty or begin with '.'. */
ck_status ck_naming_parse(const char *pattern, ck_naming *out, ck_error *e);
/* source: HEAD's, or NULL.  stem: of a frame; a source of that name is a still, whose number is left out. */
ck_status ck_naming_set_shot(ck_naming *n, const char *source, const char *stem, ck_error *e);

bool ck_naming_is_default(const ck_naming *n);
bool ck_naming_has(const ck_naming *n, const char *field); /* "frame" */

/* The name relative to OUT, without suffix; owned, NULL when out of memory. */
char *ck_naming_name(const ck_naming *n, const char *plane, const ck_still_name *of);
/* The folder that the names of all frames begin with, relative to OUT: "FG", "" for OUT itself; owned. */
char *ck_naming_folder(const ck_naming *n, const char *plane);

void ck_naming_free(ck_naming *n);

#endif
