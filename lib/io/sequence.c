#include "io/sequence.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "io/natural.h"
#include "io/pattern.h"

#define DIGITS "0123456789"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The suffix with its dot, or the end of the name.  Digits are no suffix: frame.0001 ends in a number. */
static const char *suffix(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name || dot[1 + strspn(dot + 1, DIGITS)] == 0)
        return name + strlen(name);
    return dot;
}

static long last_number(const char *stem)
{
    const char *end = stem + strlen(stem);
    while (end > stem && !strchr(DIGITS, end[-1]))
        end--;
    const char *start = end;
    while (start > stem && strchr(DIGITS, start[-1]))
        start--;
    return ck_digits_value(start, (size_t)(end - start));
}

/* Takes `path`, which malloc made;  NULL: out of memory. */
static ck_status add(ck_sequence *s, char *path, long number, ck_error *e)
{
    ck_sequence_file *files = path ? ck_grown(s->files, s->n, &s->cap, sizeof *files) : NULL;
    s->files = files ? files : s->files;
    const char *name = path ? base_name(path) : NULL;
    char *stem = files ? strndup(name, (size_t)(suffix(name) - name)) : NULL;
    if (!stem) {
        free(path);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the names of a sequence");
    }
    s->files[s->n++] =
        (ck_sequence_file){.path = path, .stem = stem, .number = number < 0 ? last_number(stem) : number};
    return CK_OK;
}

static char *joined(const char *dir, size_t dir_bytes, const char *name)
{
    char *path;
    return asprintf(&path, "%.*s%s", (int)dir_bytes, dir, name) < 0 ? NULL : path;
}

static bool image_suffix(const char *name)
{
    static const char *const known[] = {"png",  "jpg", "jpeg", "jpe", "exr", "tif", "tiff", "bmp", "dpx", "tga", "sgi",
                                        "webp", "ppm", "pgm",  "pbm", "pnm", "pam", "pfm",  "jp2", "j2k", "cin", "hdr"};
    const char *dot = suffix(name);
    for (size_t i = 0; *dot && i < sizeof known / sizeof *known; i++)
        if (!strcasecmp(dot + 1, known[i]))
            return true;
    return false;
}

bool ck_sequence_is_pattern(const char *path)
{
    struct stat st;
    ck_pattern p;
    if (stat(path, &st) == 0 || !ck_pattern_parse(base_name(path), &p))
        return false;
    ck_pattern_free(&p);
    return true;
}

static bool regular(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Every file of a folder that fits the pattern or, without one, looks like an image. */
static ck_status list(ck_sequence *s, const char *dir, size_t dir_bytes, const ck_pattern *p, ck_error *e)
{
    char *name = dir_bytes ? strndup(dir, dir_bytes) : strdup(".");
    DIR *d = name ? opendir(name) : NULL;
    ck_status status = CK_OK;
    if (!d) {
        status = name ? ck_fail_errno(e, "cannot read the folder") : ck_fail(e, CK_ERR_MEMORY, "out of memory");
        free(name);
        return status;
    }
    struct dirent *entry;
    while (status == CK_OK && (errno = 0, entry = readdir(d))) {
        long number = p ? ck_pattern_match(p, entry->d_name) : -1;
        if (p ? number < 0 : entry->d_name[0] == '.' || !image_suffix(entry->d_name))
            continue;
        char *path = joined(dir, dir_bytes, entry->d_name);
        if (path && !regular(path)) {
            free(path);
            continue;
        }
        status = add(s, path, number, e);
    }
    if (status == CK_OK && errno)
        status = ck_fail_errno(e, "cannot read the folder");
    closedir(d);
    free(name);
    return status;
}

static ck_status open_folder(ck_sequence *s, const char *dir, ck_error *e)
{
    char *slashed;
    if (asprintf(&slashed, "%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/") < 0)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    ck_status status = list(s, slashed, strlen(slashed), NULL, e);
    free(slashed);
    if (status == CK_OK && s->n == 0)
        status =
            ck_fail(e, CK_ERR_FORMAT, "no image files in this folder: name the files, or a pattern like %%04d.exr");
    return status;
}

static ck_status open_pattern(ck_sequence *s, const char *path, ck_error *e)
{
    ck_pattern p;
    if (!ck_pattern_parse(base_name(path), &p))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    ck_status status = list(s, path, (size_t)(base_name(path) - path), &p, e);
    ck_pattern_free(&p);
    if (status == CK_OK && s->n == 0)
        status = ck_fail(e, CK_ERR_IO, "no file fits this pattern: check the name and the number of digits");
    return status;
}

static ck_status open_files(ck_sequence *s, const char *const *paths, int n, ck_error *e)
{
    ck_status status = CK_OK;
    for (int i = 0; i < n && status == CK_OK; i++) {
        struct stat st;
        if (stat(paths[i], &st))
            status = ck_fail_errno(e, "cannot open");
        else if (S_ISDIR(st.st_mode))
            status = ck_fail(e, CK_ERR_ARGUMENT, "a folder among several inputs: give one folder, or files only");
        else
            status = add(s, strdup(paths[i]), -1, e);
        if (status != CK_OK)
            ck_fail_in(e, status, paths[i]);
    }
    return status;
}

static int by_path(const void *a, const void *b)
{
    return ck_natural_compare(((const ck_sequence_file *)a)->path, ((const ck_sequence_file *)b)->path);
}

static int by_number(const void *a, const void *b)
{
    const ck_sequence_file *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Two frames of one stem would be written over each other. */
static ck_status check_stems(const ck_sequence *s, ck_error *e)
{
    const char **stems = calloc(s->n, sizeof *stems);
    ck_status status = stems ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < s->n && stems; i++)
        stems[i] = s->files[i].stem;
    if (stems)
        qsort(stems, s->n, sizeof *stems, by_text);
    for (size_t i = 1; i < s->n && status == CK_OK; i++)
        if (!strcmp(stems[i - 1], stems[i]))
            status = ck_fail(e, CK_ERR_ARGUMENT,
                             "two files are called '%s', and so would be their output: narrow it down with a pattern",
                             stems[i]);
    free(stems);
    return status;
}

static int by_value(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

/* Sort, count, and see whether the numbers tell the files apart. */
static ck_status number(ck_sequence *s, bool pattern, ck_error *e)
{
    long *numbers = calloc(s->n, sizeof *numbers);
    if (!numbers)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the numbers of a sequence");
    qsort(s->files, s->n, sizeof *s->files, pattern ? by_number : by_path);
    for (size_t i = 0; i < s->n; i++) {
        s->files[i].index = (long)i;
        numbers[i] = s->files[i].number;
    }
    qsort(numbers, s->n, sizeof *numbers, by_value);
    s->numbered = numbers[0] >= 0;
    for (size_t i = 1; i < s->n; i++)
        s->numbered = s->numbered && numbers[i - 1] != numbers[i];
    free(numbers);
    return CK_OK;
}

ck_status ck_sequence_open(const char *const *inputs, int n, ck_sequence *out, ck_error *e)
{
    struct stat st;
    *out = (ck_sequence){0};
    bool pattern = n == 1 && ck_sequence_is_pattern(inputs[0]);
    bool folder = n == 1 && stat(inputs[0], &st) == 0 && S_ISDIR(st.st_mode);
    ck_status s = pattern  ? open_pattern(out, inputs[0], e)
                  : folder ? open_folder(out, inputs[0], e)
                           : open_files(out, inputs, n, e);
    if (s == CK_OK) {
        s = number(out, pattern, e);
    }
    if (s == CK_OK) {
        s = check_stems(out, e);
    }
    if (s != CK_OK) {
        if (pattern || folder)
            ck_fail_in(e, s, inputs[0]);
        ck_sequence_free(out);
    }
    return s;
}

const ck_sequence_file *ck_sequence_find(const ck_sequence *s, long number)
{
    for (size_t i = 0; i < s->n && s->numbered; i++)
        if (s->files[i].number == number)
            return &s->files[i];
    return NULL;
}

static ck_status check_ends(const ck_sequence *s, const ck_ranges *keep, ck_error *e)
{
    for (int i = 0; i < 2 * keep->n; i++) {
        long v = i & 1 ? keep->r[i / 2].last : keep->r[i / 2].first;
        if (v != CK_RANGE_OPEN && !ck_sequence_find(s, v))
            return ck_fail(e, CK_ERR_ARGUMENT, "no file has the number %ld asked for: they run from %ld to %ld", v,
                           s->files[0].number, s->files[s->n - 1].number);
    }
    return CK_OK;
}

ck_status ck_sequence_select(ck_sequence *s, const ck_ranges *keep, ck_error *e)
{
    if (keep->n == 0)
        return CK_OK;
    if (!s->numbered)
        return ck_fail(e, CK_ERR_ARGUMENT, "the files have no numbers to choose frames by: name the files instead");
    ck_status status = check_ends(s, keep, e);
    size_t n = 0;
    for (size_t i = 0; i < s->n && status == CK_OK; i++) {
        if (ck_ranges_has(keep, s->files[i].number)) {
            s->files[n++] = s->files[i];
        } else {
            free(s->files[i].path);
            free(s->files[i].stem);
        }
    }
    if (status == CK_OK)
        s->n = n;
    return status;
}

void ck_sequence_free(ck_sequence *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->files[i].path);
        free(s->files[i].stem);
    }
    free(s->files);
    *s = (ck_sequence){0};
}
