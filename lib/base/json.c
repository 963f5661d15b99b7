#include "base/json.h"

#include <stdlib.h>
#include <string.h>

ck_status ck_json_open(ck_json *j, const void *text, size_t n, const char *where, const char *advice, ck_error *e)
{
    const uint8_t *from = text;
    *j = (ck_json){.start = from, .p = from, .end = from + n, .where = where, .advice = advice, .texts = malloc(n + 1)};
    return j->texts ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for a %s of %zu bytes", where, n);
}

void ck_json_close(ck_json *j)
{
    free(j->texts);
    *j = (ck_json){0};
}

ck_status ck_json_fail(const ck_json *j, ck_error *e, const char *what)
{
    return ck_fail(e, CK_ERR_FORMAT, "%s, byte %zu: %s: %s", j->where, (size_t)(j->p - j->start), what, j->advice);
}

static void skip_space(ck_json *j)
{
    while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' || *j->p == '\n' || *j->p == '\r'))
        j->p++;
}

bool ck_json_accept(ck_json *j, char c)
{
    skip_space(j);
    if (j->p == j->end || *j->p != (uint8_t)c)
        return false;
    j->p++;
    return true;
}

ck_status ck_json_expect(ck_json *j, char c, ck_error *e)
{
    if (ck_json_accept(j, c))
        return CK_OK;
    char what[] = "no '?' where one must be";
    *strchr(what, '?') = c;
    return ck_json_fail(j, e, what);
}

/* Value of the next four hexadecimal digits; -1 if one of them is none. */
static int hex4(ck_json *j)
{
    int v = 0;
    if (j->end - j->p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int c = *j->p++;
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0)
            return -1;
        v = 16 * v + d;
    }
    return v;
}

static void put_utf8(ck_json *j, uint32_t c)
{
    char *to = j->texts + j->used;
    int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    for (int i = more; i > 0; i--, c >>= 6)
        to[i] = (char)(0x80 | (c & 63));
    to[0] = (char)(lead[more] | c);
    j->used += (size_t)more + 1;
}

/* Decode a \u escape, or a surrogate pair of two. */
static ck_status unicode(ck_json *j, ck_error *e)
{
    int c = hex4(j);
    if (c < 0)
        return ck_json_fail(j, e, "\\u is not followed by four hexadecimal digits");
    if (c >= 0xd800 && c < 0xe000) {
        int low = -1;
        if (c < 0xdc00 && j->end - j->p >= 6 && j->p[0] == '\\' && j->p[1] == 'u') {
            j->p += 2;
            low = hex4(j);
        }
        if (low < 0xdc00 || low >= 0xe000)
            return ck_json_fail(j, e, "a lone surrogate");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    put_utf8(j, (uint32_t)c);
    return CK_OK;
}

static ck_status escape(ck_json *j, ck_error *e)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (j->p == j->end)
        return ck_json_fail(j, e, "unterminated string");
    char c = (char)*j->p++;
    if (c == 'u')
        return unicode(j, e);
    const char *at = c ? strchr(names, c) : NULL;
    if (!at)
        return ck_json_fail(j, e, "unknown escape");
    j->texts[j->used++] = values[at - names];
    return CK_OK;
}

ck_status ck_json_string(ck_json *j, ck_json_text *out, ck_error *e)
{
    ck_status s = ck_json_expect(j, '"', e);
    size_t begin = j->used;
    while (s == CK_OK) {
        if (j->p == j->end || *j->p < 32)
            return ck_json_fail(j, e, "unterminated string, or a control character in it");
        uint8_t c = *j->p++;
        if (c == '"')
            break;
        if (c == '\\')
            s = escape(j, e);
        else
            j->texts[j->used++] = (char)c;
    }
    /* The source's two quotes leave room for the NUL. */
    *out = (ck_json_text){j->texts + begin, j->used - begin};
    if (s == CK_OK)
        j->texts[j->used++] = 0;
    return s;
}

ck_status ck_json_number(ck_json *j, uint64_t *out, ck_error *e)
{
    skip_space(j);
    const uint8_t *digits = j->p;
    uint64_t v = 0;
    for (; j->p < j->end && *j->p >= '0' && *j->p <= '9'; j->p++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(*j->p - '0'), &v))
            return ck_json_fail(j, e, "number overflows");
    if (j->p < j->end && *j->p == '-')
        return ck_json_fail(j, e, "a negative number");
    if (j->p == digits || (*digits == '0' && j->p - digits > 1) ||
        (j->p < j->end && (*j->p == '.' || *j->p == 'e' || *j->p == 'E')))
        return ck_json_fail(j, e, "not a whole number");
    *out = v;
    return CK_OK;
}

ck_status ck_json_signed(ck_json *j, int64_t *out, ck_error *e)
{
    uint64_t v = 0;
    bool minus = ck_json_accept(j, '-');
    ck_status s = ck_json_number(j, &v, e);
    if (s == CK_OK && v > INT64_MAX)
        return ck_json_fail(j, e, "number overflows");
    *out = minus ? -(int64_t)v : (int64_t)v;
    return s;
}

ck_status ck_json_real(ck_json *j, double *out, ck_error *e)
{
    char text[64];
    size_t n = 0;
    skip_space(j);
    for (; j->p < j->end && *j->p && strchr("-.0123456789", *j->p) && n + 1 < sizeof text; j->p++)
        text[n++] = (char)*j->p;
    text[n] = 0;
    char *end = text;
    *out = strtod(text, &end);
    bool more = j->p < j->end && (*j->p == 'e' || *j->p == 'E');
    return n && !*end && !more ? CK_OK : ck_json_fail(j, e, "not a number without an exponent");
}

ck_status ck_json_member(ck_json *j, bool first, bool *more, ck_json_text *key, ck_error *e)
{
    *more = !ck_json_accept(j, '}');
    if (!*more)
        return CK_OK;
    ck_status s = first ? CK_OK : ck_json_expect(j, ',', e);
    if (s == CK_OK)
        s = ck_json_string(j, key, e);
    return s == CK_OK ? ck_json_expect(j, ':', e) : s;
}

ck_status ck_json_end(ck_json *j, ck_error *e)
{
    skip_space(j);
    return j->p == j->end ? CK_OK : ck_json_fail(j, e, "data after the last brace");
}

void ck_json_put(FILE *f, const char *text)
{
    ck_json_put_bytes(f, text, strlen(text));
}

void ck_json_put_bytes(FILE *f, const char *text, size_t n)
{
    fputc('"', f);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            fprintf(f, "\\%c", c);
        else if (c < 32)
            fprintf(f, "\\u%04x", c);
        else
            fputc(c, f);
    }
    fputc('"', f);
}
