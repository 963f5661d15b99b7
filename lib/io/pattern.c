#include "io/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "io/natural.h"

#define DIGITS "0123456789"

/* Length of the placeholder at p: %d, %4d (as %04d), %04d or ####; 0 if none is there. */
static size_t placeholder(const char *p, size_t *width)
{
    size_t n = strspn(p, "#");
    *width = n;
    if (n || *p != '%')
        return n;
    n = strspn(p + 1, DIGITS);
    *width = n && n < 4 ? (size_t)ck_digits_value(p + 1, n) : 0;
    return n < 4 && p[1 + n] == 'd' ? n + 2 : 0;
}

bool ck_pattern_parse(const char *name, ck_pattern *p)
{
    size_t n = strlen(name) + 1, found = 0, width;
    *p = (ck_pattern){.prefix = calloc(1, n), .tail = calloc(1, n)};
    char *out = p->prefix;
    for (const char *c = name; out && p->tail && *c;) {
        size_t taken = placeholder(c, &width);
        if (taken) {
            p->width = width;
            out = p->tail;
            found++;
            c += taken;
        } else {
            out += strlen(out);
            *out = *c;
            c += c[0] == '%' && c[1] == '%' ? 2 : 1;
        }
    }
    if (p->prefix && p->tail && found == 1)
        return true;
    ck_pattern_free(p);
    return false;
}

long ck_pattern_match(const ck_pattern *p, const char *name)
{
    size_t n = strlen(name), a = strlen(p->prefix), b = strlen(p->tail);
    if (n <= a + b || strncmp(name, p->prefix, a) || strcmp(name + n - b, p->tail))
        return CK_NO_NUMBER;
    const char *d = name + a;
    size_t digits = n - a - b, sign = *d == '-';
    d += sign;
    digits -= sign;
    if (!digits || strspn(d, DIGITS) < digits || digits + sign < p->width)
        return CK_NO_NUMBER;
    if (digits > p->width && digits > 1 && *d == '0')
        return CK_NO_NUMBER;
    long v = ck_digits_value(d, digits);
    return sign && v != CK_NO_NUMBER ? -v : v;
}

void ck_pattern_free(ck_pattern *p)
{
    free(p->prefix);
    free(p->tail);
}
