/* Quoting of words, as in a shell. */
#ifndef CK_BASE_QUOTE_H
#define CK_BASE_QUOTE_H

#include <stdio.h>

#include "base/status.h"

/* Print one word, quoted if a shell would split or expand it. */
void ck_quote_print(FILE *f, const char *word);

/* Split a line at blanks.  '…' keeps every character, "…" all but \" and \\, and a backslash the one after it.  Nothing
 * is expanded.  *words: owned, as are its *n strings; NULL at the end. */
ck_status ck_quote_split(const char *line, char ***words, int *n, ck_error *e);

/* Free such an array; NULL is allowed. */
void ck_quote_free(char **words);

#endif
