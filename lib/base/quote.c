#include "base/quote.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void ck_quote_print(FILE *f, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,:=/%+@^-";
    if (*word && strspn(word, plain) == strlen(word)) {
        fputs(word, f);
        return;
    }
    fputc('\'', f);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", f);
        else
            fputc(*word, f);
    }
    fputc('\'', f);
}

void ck_quote_free(char **words)
{
    for (int i = 0; words && words[i]; i++)
        free(words[i]);
    free(words);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Copy the word at *at, without its quotes, to `to`; *at moves behind it. */
static ck_status take_word(const char **at, char *to, ck_error *e)
{
    const char *p = *at;
    char quote = 0;
    for (; *p && (quote || !is_blank(*p)); p++) {
        if (!quote && (*p == '\'' || *p == '"')) {
            quote = *p;
        } else if (*p == quote) {
            quote = 0;
        } else {
            bool escapes = *p == '\\' && (!quote || (quote == '"' && (p[1] == '"' || p[1] == '\\')));
            p += escapes;
            if (!*p)
                return ck_fail(e, CK_ERR_ARGUMENT, "nothing follows the last backslash: write \\\\ for a backslash");
            *to++ = *p;
        }
    }
    *to = 0;
    *at = p;
    return quote ? ck_fail(e, CK_ERR_ARGUMENT, "a quote (%c) is not closed", quote) : CK_OK;
}

ck_status ck_quote_split(const char *line, char ***words, int *n, ck_error *e)
{
    size_t len = strlen(line);
    char **list = calloc(len / 2 + 2, sizeof *list), *word = malloc(len + 1);
    ck_status s = list && word ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a line");
    *n = 0;
    while (s == CK_OK) {
        while (is_blank(*line))
            line++;
        if (!*line)
            break;
        s = take_word(&line, word, e);
        if (s == CK_OK && !(list[*n] = strdup(word)))
            s = ck_fail(e, CK_ERR_MEMORY, "out of memory for a line");
        *n += s == CK_OK;
    }
    free(word);
    if (s != CK_OK) {
        ck_quote_free(list);
        list = NULL;
    }
    *words = list;
    return s;
}
