/* HEAD's `program`: all stages so far with their options that change pixels, as for a shell. */
#include <stdio.h>
#include <string.h>

#include "stream/stream.h"

/* Bytes kept of one stage's options: a long list of files must not swell HEAD in every stage downstream. */
#define LONGEST 1024

ck_status ck_head_add_program(ck_meta *head, const char *name, const char *options, ck_error *e)
{
    const char *before = ck_meta_get(head, "program");
    bool first = !before || !*before, some = options && *options, cut = some && strlen(options) > LONGEST;
    return ck_meta_setf(head, e, "program", "%s%s%s%s%s", first ? "" : before, first ? "" : " | ", name,
                        some ? " " : "",
                        cut    ? "..."
                        : some ? options
                               : "");
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
