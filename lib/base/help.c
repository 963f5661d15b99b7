#include "base/help.h"

#include <stdbool.h>
#include <string.h>

enum { WIDTH = 79, COLUMN = 28, HEAD = COLUMN - 2, EXAMPLES = 2 };

/* Words of a sentence, wrapped, from column COLUMN on. */
static void wrap(FILE *f, const char *text)
{
    int col = COLUMN;
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (col > COLUMN && col + 1 + n > WIDTH) {
            fprintf(f, "\n%*s", COLUMN, "");
            col = COLUMN;
        }
        col += fprintf(f, "%s%.*s", col > COLUMN ? " " : "", n, text);
        text += n;
        text += strspn(text, " ");
    }
    fputc('\n', f);
}

/* Cut the words "a|b|c" at the end of `head` so that two spaces part them from the text: "a|...", else "...", else the
 * metavar alone. */
static void shorten(char *head, bool metavar)
{
    static const char cut[] = "...";
    char *value = strrchr(head, ' ') + 1, *last;
    while ((last = strrchr(value, '|'))) {
        *last = 0;
        if (last - head + 1 + (long)strlen(cut) <= HEAD) {
            strcpy(stpcpy(last, "|"), cut);
            return;
        }
    }
    if (!metavar)
        strcpy(value, cut);
}

void ck_help_row(const ck_option *o, ck_listed least, FILE *f)
{
    char head[160], text[600], letter[8] = "    ";
    if (o->type == CK_RENAMED || (o->listed & CK_LISTED) < (int)least)
        return;
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    const char *value = o->type == CK_CHOICE && !o->metavar ? o->words : o->metavar;
    const char *more = o->type != CK_CHOICE ? o->words : NULL;
    if (o->type == CK_FLAG_WORD)
        snprintf(head, sizeof head, "  %s--%s[=%s]", letter, o->name, o->words);
    else
        snprintf(head, sizeof head, "  %s--%s%s%s%s%s", letter, o->name, value ? " " : "", value ? value : "",
                 more ? "|" : "", more ? more : "");
    snprintf(text, sizeof text, "%s%s%s%s", o->help, o->init ? " (default " : "", o->init ? o->init : "",
             o->init ? ")" : "");
    if (least > CK_IN_ALL && o->words && strlen(head) > HEAD)
        shorten(head, o->metavar);
    if (strlen(head) > HEAD)
        fprintf(f, "%s\n%*s", head, COLUMN, "");
    else
        fprintf(f, "%-*s", COLUMN, head);
    wrap(f, text);
}

static void common(const ck_program *p, ck_listed least, FILE *f)
{
    for (const ck_option *o = ck_common_options; o->name; o++)
        if (!ck_option_lacks(p, o))
            ck_help_row(o, least, f);
}

void ck_help_head(const ck_program *p, FILE *f)
{
    fprintf(f, "Usage: %s [OPTION]...%s%s\n\n%s: %s\n", p->name, *p->usage ? " " : "", p->usage, p->name, p->summary);
}

void ck_help_options(const ck_program *p, ck_listed least, FILE *f)
{
    fprintf(f, "\n%s:\n", least > CK_IN_ALL ? "Most used options" : "Options");
    for (const ck_option *o = p->options; o->name; o++)
        ck_help_row(o, least, f);
    if (least == CK_IN_ALL)
        fprintf(f, "\nCommon options:\n");
    common(p, least, f);
}

/* The first `most` commands; a line that starts with a space continues one. */
static void examples(const char *s, int most, FILE *f)
{
    fprintf(f, "\nExamples:\n");
    while (*s) {
        int n = (int)strcspn(s, "\n");
        if (*s != ' ' && most-- == 0)
            return;
        fprintf(f, "  %.*s\n", n, s);
        s += n;
        s += *s == '\n';
    }
}

void ck_help_tail(const ck_program *p, int level, FILE *f)
{
    const char *page = p->page ? p->page : p->name;
    bool all = level == CK_HELP_ALL;
    if (all)
        fprintf(f, "\n--no-NAME turns a flag off.\n");
    if (p->examples)
        examples(p->examples, all ? -1 : EXAMPLES, f);
    if (all)
        fprintf(f, "\nExit status: 0 done, 1 failed, 2 usage, 3 finished but some frames failed.\n");
    else
        fprintf(f, "\nAll options: %s --help=all.%s", p->name, *page ? " " : "\n");
    if (*page)
        fprintf(f, "Manual: man %s\n", page);
}

void ck_help_print(const ck_program *p, int level, FILE *f)
{
    ck_help_head(p, f);
    ck_help_options(p, level == CK_HELP_ALL ? CK_IN_ALL : CK_IN_HELP, f);
    ck_help_tail(p, level, f);
}
