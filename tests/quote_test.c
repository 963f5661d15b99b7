/* Words of a line, with the quotes of a shell. */
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "tap.h"

/* The words of a line as "<a><b>", or the error. */
static const char *split(const char *line)
{
    static char text[1024];
    char **words;
    int n;
    ck_error e;
    *text = 0;
    if (ck_quote_split(line, &words, &n, &e) != CK_OK)
        return strcpy(text, words ? "words" : e.text);
    for (int i = 0; i < n; i++)
        sprintf(text + strlen(text), "<%s>", words[i]);
    if (words[n])
        strcat(text, "more");
    ck_quote_free(words);
    return text;
}

int main(void)
{
    static const struct {
        const char *line, *want;
    } rows[] = {{"", ""},
                {" \t ", ""},
                {"a", "<a>"},
                {"in out --grow 2", "<in><out><--grow><2>"},
                {"  a \t b  ", "<a><b>"},
                {"'a b' \"c d\"", "<a b><c d>"},
                {"a' 'b\" \"c\\ d", "<a b c d>"},
                {"'' \"\" x''", "<><><x>"},
                {"'\\' \"'\" '\"'", "<\\><'><\">"},
                {"\"a\\\"b\\\\c\\d$e\"", "<a\"b\\c\\d$e>"},
                {"\\'\\\"\\\\\\n", "<'\"\\n>"},
                {"it'\\''s", "a quote (') is not closed"},
                {"'it'\\''s'", "<it's>"},
                {"$HOME *.exr ~ a;b #c", "<$HOME><*.exr><~><a;b><#c>"},
                {"a 'b", "a quote (') is not closed"},
                {"a \"b\\\"", "a quote (\") is not closed"},
                {"a b\\", "nothing follows the last backslash: write \\\\ for a backslash"},
                {"a \"b\\", "a quote (\") is not closed"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = split(rows[i].line);
        ok(!strcmp(got, rows[i].want), "%s: %s", rows[i].line, got);
    }
    ck_quote_free(NULL);
    return done_testing();
}
