/* HEAD's `program`: the command lines of all stages so far, as for a shell. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "stream/stream.h"

/* Bytes kept of one command line: thousands of file names must not swell HEAD in every stage downstream. */
#define LONGEST 1024

ck_status ck_head_add_program(ck_meta *head, int argc, char **argv, ck_error *e)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    if (!f)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for metadata");
    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
    ck_quote_print(f, name);
    for (int i = 1; i < argc; i++) {
        fputc(' ', f);
        ck_quote_print(f, argv[i]);
    }
    if (fclose(f)) {
        free(text);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for metadata");
    }
    const char *before = ck_meta_get(head, "program");
    bool first = !before || !*before;
    ck_status s = ck_meta_setf(head, e, "program", "%s%s%s%s", first ? "" : before, first ? "" : " | ",
                               n > LONGEST ? name : text, n > LONGEST ? " ..." : "");
    free(text);
    return s;
}

int ck_head_last_program(const ck_meta *head, char *buf, size_t n)
{
    const char *p = ck_meta_get(head, "program"), *last = p;
    if (!p || !*p)
        return 0;
    int programs = 1;
    bool quoted = false;
    for (; *p; p++) {
        if (*p == '\\' && !quoted && p[1])
            p++; /* '\'' is a quoted apostrophe, not the end of a word */
        else if (*p == '\'')
            quoted = !quoted;
        else if (*p == '|' && !quoted && p[1] == ' ') {
            last = p + 2;
            programs++;
        }
    }
    snprintf(buf, n, "%.*s", (int)strcspn(last, " "), last);
    return programs;
}
