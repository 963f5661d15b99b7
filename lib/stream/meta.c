#include "stream/meta.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static ck_pair *find(const ck_meta *m, const char *key)
{
    for (size_t i = 0; i < m->n; i++)
        if (!strcmp(m->pairs[i].key, key))
            return &m->pairs[i];
    return NULL;
}

const char *ck_meta_get(const ck_meta *m, const char *key)
{
    const ck_pair *p = find(m, key);
    return p ? p->value : NULL;
}

static void remove_pair(ck_meta *m, ck_pair *p)
{
    free(p->key);
    free(p->value);
    size_t i = (size_t)(p - m->pairs);
    memmove(p, p + 1, (--m->n - i) * sizeof *p);
}

bool ck_name_valid(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(s[i] >= 'a' && s[i] <= 'z') && !(s[i] >= '0' && s[i] <= '9') && s[i] != '_' && s[i] != '.' && s[i] != '-')
            return false;
    return n > 0;
}

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for metadata");
}

/* Append a pair.  Takes ownership of both strings, also on failure. */
static ck_status append(ck_meta *m, char *key, char *value, ck_error *e)
{
    ck_pair *pairs = ck_grown(m->pairs, m->n, &m->cap, sizeof *pairs);
    m->pairs = pairs ? pairs : m->pairs;
    if (!key || !value || !pairs) {
        free(key);
        free(value);
        return no_memory(e);
    }
    m->pairs[m->n++] = (ck_pair){key, value};
    return CK_OK;
}

ck_status ck_meta_set(ck_meta *m, const char *key, const char *value, ck_error *e)
{
    ck_pair *p = find(m, key);
    if (!value) {
        if (p)
            remove_pair(m, p);
        return CK_OK;
    }
    if (!p)
        return append(m, strdup(key), strdup(value), e);
    char *copy = strdup(value);
    if (!copy)
        return no_memory(e);
    free(p->value);
    p->value = copy;
    return CK_OK;
}

ck_status ck_meta_setf(ck_meta *m, ck_error *e, const char *key, const char *fmt, ...)
{
    char *value;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&value, fmt, ap);
    va_end(ap);
    if (n < 0)
        return no_memory(e);
    ck_status s = ck_meta_set(m, key, value, e);
    free(value);
    return s;
}

long ck_meta_int(const ck_meta *m, const char *key, long min, long max, long fallback)
{
    const char *text = ck_meta_get(m, key);
    char *end;
    if (!text || !*text)
        return fallback;
    errno = 0;
    long v = strtol(text, &end, 10);
    return *end || errno || v < min || v > max ? fallback : v;
}

ck_status ck_meta_copy(ck_meta *to, const ck_meta *from, ck_error *e)
{
    ck_meta_free(to);
    ck_status s = CK_OK;
    for (size_t i = 0; i < from->n && s == CK_OK; i++)
        s = append(to, strdup(from->pairs[i].key), strdup(from->pairs[i].value), e);
    return s;
}

void ck_meta_free(ck_meta *m)
{
    while (m->n)
        remove_pair(m, &m->pairs[m->n - 1]);
    free(m->pairs);
    *m = (ck_meta){0};
}

/* Undo \\ and \n in place; NULL for any other escape. */
static char *unescape(char *s)
{
    char *out = s;
    for (char *in = s; *in; in++) {
        if (*in == '\\') {
            in++;
            if (*in != '\\' && *in != 'n')
                return NULL;
            *out++ = *in == 'n' ? '\n' : '\\';
        } else {
            *out++ = *in;
        }
    }
    *out = 0;
    return s;
}

/* A hash set of a record's keys while it is parsed.  Comparing each key with all earlier ones would take minutes on a
 * record full of short lines. */
typedef struct keys {
    uint32_t *slot; /* 1 + index of the pair, 0 = free */
    size_t mask;    /* slots - 1 */
} keys;

static bool new_keys(keys *k, const char *text, size_t n)
{
    size_t lines = 1, slots = 16;
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    while (slots < 2 * lines)
        slots *= 2;
    *k = (keys){calloc(slots, sizeof *k->slot), slots - 1};
    return k->slot;
}

/* Enter the key of the pair that is appended next to m; false if m has that key. */
static bool enter(const keys *k, const ck_meta *m, const char *key)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (const char *c = key; *c; c++)
        h = (h ^ (unsigned char)*c) * 1099511628211u;
    size_t i = (h ^ h >> 32) & k->mask;
    for (; k->slot[i]; i = (i + 1) & k->mask)
        if (!strcmp(m->pairs[k->slot[i] - 1].key, key))
            return false;
    k->slot[i] = (uint32_t)m->n + 1;
    return true;
}

static ck_status parse_line(ck_meta *m, const keys *k, const char *line, size_t n, ck_error *e)
{
    const char *eq = memchr(line, '=', n);
    size_t length = eq ? (size_t)(eq - line) : 0;
    if (!ck_name_valid(line, length))
        return ck_fail(e, CK_ERR_FORMAT, "metadata line '%.*s' is not key=value", (int)(n < 60 ? n : 60), line);
    char *key = strndup(line, length), *value = strndup(line + length + 1, n - length - 1);
    const char *bad = NULL;
    if (key && value) {
        if (!enter(k, m, key))
            bad = "appears twice";
        else if (!unescape(value))
            bad = "has an unknown escape";
    }
    if (bad) {
        ck_fail(e, CK_ERR_FORMAT, "metadata key '%.60s' %s", key, bad);
        free(key);
        free(value);
        return CK_ERR_FORMAT;
    }
    return append(m, key, value, e);
}

ck_status ck_meta_parse(ck_meta *m, const char *text, size_t n, ck_error *e)
{
    keys k;
    ck_meta_free(m);
    if (memchr(text, 0, n))
        return ck_fail(e, CK_ERR_FORMAT, "metadata hold a NUL byte");
    if (!new_keys(&k, text, n))
        return no_memory(e);
    ck_status s = CK_OK;
    while (n && s == CK_OK) {
        const char *nl = memchr(text, '\n', n);
        s = nl ? parse_line(m, &k, text, (size_t)(nl - text), e)
               : ck_fail(e, CK_ERR_FORMAT, "the last metadata line does not end");
        if (nl) {
            n -= (size_t)(nl - text) + 1;
            text = nl + 1;
        }
    }
    free(k.slot);
    return s;
}

char *ck_meta_format(const ck_meta *m, size_t *n)
{
    size_t most = 1;
    for (size_t i = 0; i < m->n; i++)
        most += strlen(m->pairs[i].key) + 2 * strlen(m->pairs[i].value) + 2;
    char *text = malloc(most), *o = text;
    if (!text)
        return NULL;
    for (size_t i = 0; i < m->n; i++) {
        o = stpcpy(o, m->pairs[i].key);
        *o++ = '=';
        for (const char *v = m->pairs[i].value; *v; v++) {
            if (*v == '\\' || *v == '\n')
                *o++ = '\\';
            *o++ = *v == '\n' ? 'n' : *v;
        }
        *o++ = '\n';
    }
    *n = (size_t)(o - text);
    return text;
}
