#include "colour/same_name.h"

#include <ctype.h>
#include <string.h>

/* The index of the next letter or digit from i on, n if none follows. */
static size_t next(const char *text, size_t i, size_t n)
{
    while (i < n && !isalnum((unsigned char)text[i]))
        i++;
    return i;
}

static bool same(const char *a, size_t n, const char *b, size_t m)
{
    size_t i = next(a, 0, n), k = next(b, 0, m);
    while (i < n && k < m && tolower((unsigned char)a[i]) == tolower((unsigned char)b[k])) {
        i = next(a, i + 1, n);
        k = next(b, k + 1, m);
    }
    return i == n && k == m;
}

bool ck_same_name(const char *text, size_t n, const char *name)
{
    return same(text, n, name, strlen(name));
}

bool ck_one_of_names(const char *text, size_t n, const char *names)
{
    for (const char *p = names; *p;) {
        size_t length = strcspn(p, " ");
        if (same(text, n, p, length))
            return true;
        p += length + (p[length] == ' ');
    }
    return false;
}
