#include "shared/naming.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/option.h"
#include "io/sequence_name.h"

static const char *const suffixes[] = {".exr", ".png", ".tif", ".tiff", ".dpx"};

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for a file name");
}

/* A field at p, which is after its '{': its length with the '}', 0 if it is not one.  *digits: of {frame:0N}. */
static size_t field_at(const char *p, const char **name, int *digits)
{
    static const char *const fields[] = {"plane", "stem", "frame", "shot"};
    int end = 0;
    *digits = 1;
    if (sscanf(p, "frame:0%2d%n", digits, &end) == 1 && p[end] == '}' && p[7] != '-' && p[7] != '+' && p[7] != ' ' &&
        *digits >= 1 && *digits <= 20) {
        *name = fields[2];
        return (size_t)end + 1;
    }
    *digits = 1;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        size_t n = strlen(fields[i]);
        if (!strncmp(p, fields[i], n) && p[n] == '}') {
            *name = fields[i];
            return n + 1;
        }
    }
    return 0;
}

static ck_status check(const char *pattern, ck_error *e)
{
    const char *name;
    int digits;
    for (const char *p = pattern; *p; p++) {
        size_t n = *p == '{' ? field_at(p + 1, &name, &digits) : 0;
        if (*p == '}' || (*p == '{' && !n))
            return ck_fail(e, CK_ERR_ARGUMENT,
                           "--name '%s': '%.12s' is not {plane}, {stem}, {frame}, {frame:0N} or {shot}", pattern, p);
        p += n;
    }
    if (*pattern == '/')
        return ck_fail(e, CK_ERR_ARGUMENT, "--name '%s' is absolute: names lie in OUT", pattern);
    for (const char *p = pattern;; p++) {
        size_t n = strcspn(p, "/");
        if (!n || *p == '.')
            return ck_fail(e, CK_ERR_ARGUMENT, "--name '%s': a part between '/' is empty or begins with '.'", pattern);
        p += n;
        if (!*p)
            return CK_OK;
    }
}

ck_status ck_naming_parse(const char *pattern, ck_naming *out, ck_error *e)
{
    size_t n = strlen(pattern);
    *out = (ck_naming){0};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t k = strlen(suffixes[i]);
        if (n == strlen(pattern) && n > k && !strcmp(pattern + n - k, suffixes[i]))
            n -= k;
    }
    out->pattern = strndup(pattern, n);
    return out->pattern ? check(out->pattern, e) : no_memory(e);
}

/* End of what is left of name[0, end) without a number's mark, such as "*", "####", "%04d", and separators. */
static size_t trimmed(const char *name, size_t end)
{
    size_t n = end;
    while (n && strchr("*#", name[n - 1]))
        n--;
    if (n == end && n && name[n - 1] == 'd') {
        size_t k = n - 1;
        while (k && name[k - 1] >= '0' && name[k - 1] <= '9')
            k--;
        n = k && name[k - 1] == '%' ? k - 1 : n;
    }
    while (n && n < end && strchr("._- ", name[n - 1]))
        n--;
    return n;
}

ck_status ck_naming_set_shot(ck_naming *n, const char *source, const char *stem, ck_error *e)
{
    struct stat st;
    bool folder = source && !stat(source, &st) && S_ISDIR(st.st_mode);
    char *base = ck_option_base_name(source ? source : "");
    if (!base)
        return no_memory(e);
    ck_sequence_name parts = ck_sequence_name_of(base);
    size_t end = folder ? strlen(base) : parts.stem;
    bool still = !folder && stem && strlen(stem) == end && !strncmp(stem, base, end);
    if (still && parts.from < parts.to && parts.to == end) {
        end = parts.from;
        while (end && strchr("._- ", base[end - 1]))
            end--;
    }
    end = trimmed(base, end);
    while (*base == '.' && end) /* of a hidden file */
        memmove(base, base + 1, strlen(base)), end--;
    free(n->shot);
    n->shot = end ? strndup(base, end) : strdup("shot");
    free(base);
    return n->shot ? CK_OK : no_memory(e);
}

bool ck_naming_is_default(const ck_naming *n)
{
    return !strcmp(n->pattern, CK_NAMING_DEFAULT);
}

bool ck_naming_has(const ck_naming *n, const char *field)
{
    const char *name;
    int digits;
    for (const char *p = n->pattern; (p = strchr(p, '{')); p++)
        if (field_at(p + 1, &name, &digits) && !strcmp(name, field))
            return true;
    return false;
}

static void print_number(FILE *f, long number, int digits)
{
    fprintf(f, "%s%0*lu", number < 0 ? "-" : "", digits,
            number < 0 ? 0 - (unsigned long)number : (unsigned long)number);
}

/* of: NULL ends the text before the first field that depends on the frame. */
static char *expand(const ck_naming *n, const char *plane, const ck_still_name *of)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    for (const char *p = n->pattern; f && *p; p++) {
        const char *name;
        int digits;
        if (*p != '{') {
            fputc(*p, f);
            continue;
        }
        p += field_at(p + 1, &name, &digits);
        if (!strcmp(name, "plane"))
            fputs(plane, f);
        else if (!strcmp(name, "shot"))
            fputs(n->shot ? n->shot : "shot", f);
        else if (!of)
            break;
        else if (!strcmp(name, "stem"))
            fputs(of->stem, f);
        else
            print_number(f, of->number, digits);
    }
    if (f && !fclose(f))
        return text;
    free(text);
    return NULL;
}

char *ck_naming_name(const ck_naming *n, const char *plane, const ck_still_name *of)
{
    return expand(n, plane, of);
}

char *ck_naming_folder(const ck_naming *n, const char *plane)
{
    char *text = expand(n, plane, NULL), *slash = text ? strrchr(text, '/') : NULL;
    if (text)
        *(slash ? slash : text) = 0;
    return text;
}

void ck_naming_free(ck_naming *n)
{
    free(n->pattern);
    free(n->shot);
    *n = (ck_naming){0};
}
