#include "io/sequence_name.h"

#include <stdbool.h>
#include <string.h>

#include "io/natural.h"

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* UTF-8 bytes count as letters. */
static bool letter_or_digit(char c)
{
    return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* End of the stem.  A suffix of digits is a number: frame.0001. */
static size_t stem_end(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name || dot[1 + strspn(dot + 1, "0123456789")] == 0)
        return strlen(name);
    return (size_t)(dot - name);
}

ck_sequence_name ck_sequence_name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t base = slash ? (size_t)(slash - path) + 1 : 0;
    ck_sequence_name n = {.base = base, .stem = base + stem_end(path + base), .number = CK_NO_NUMBER};
    n.to = n.stem;
    while (n.to > base && !digit(path[n.to - 1]))
        n.to--;
    n.from = n.to;
    while (n.from > base && digit(path[n.from - 1]))
        n.from--;
    if (n.from == n.to) {
        n.from = n.to = n.stem;
        return n;
    }
    n.number = ck_digits_value(path + n.from, n.to - n.from);
    bool sign = n.from > base && path[n.from - 1] == '-' && (n.from - 1 == base || !letter_or_digit(path[n.from - 2]));
    if (sign && n.number != CK_NO_NUMBER) {
        n.number = -n.number;
        n.from--;
    }
    return n;
}
