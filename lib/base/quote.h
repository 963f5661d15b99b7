/* Quoting of words for the shell. */
#ifndef CK_BASE_QUOTE_H
#define CK_BASE_QUOTE_H

#include <stdio.h>

/* Print one word, quoted if a shell would split or expand it. */
void ck_quote_print(FILE *f, const char *word);

#endif
