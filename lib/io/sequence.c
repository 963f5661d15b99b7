#include "io/sequence.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "io/pattern.h"
#include "io/sequence_group.h"
#include "io/sequence_name.h"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

typedef struct files {
    ck_sequence_file **list;
    size_t *n, *cap;
} files;

/* Find the number by the pattern or, without one, in the name. */
static void find_number(ck_sequence_file *f, const char *base, const ck_pattern *p)
{
    ck_sequence_name name = ck_sequence_name_of(base);
    f->number = p ? ck_pattern_match(p, base) : name.number;
    f->from = p ? strlen(p->prefix) : name.from;
    f->to = p ? strlen(base) - strlen(p->tail) : name.to;
    if (f->to > strlen(f->stem)) /* the pattern takes its number from the suffix */
        f->from = f->to = strlen(f->stem);
}

/* Append a file; takes ownership of `path` (malloc), NULL: out of memory. */
static ck_status add(files to, char *path, const ck_pattern *p, ck_error *e)
{
    ck_sequence_file *grown = path ? ck_grown(*to.list, *to.n, to.cap, sizeof *grown) : NULL;
    *to.list = grown ? grown : *to.list;
    const char *base = grown ? base_name(path) : NULL;
    char *stem = grown ? strndup(base, ck_sequence_name_of(base).stem) : NULL;
    if (!stem) {
        free(path);
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the names of a sequence");
    }
    ck_sequence_file *f = &grown[(*to.n)++];
    *f = (ck_sequence_file){.path = path, .stem = stem};
    find_number(f, base, p);
    return CK_OK;
}

static files files_of(ck_sequence *s)
{
    return (files){&s->files, &s->n, &s->cap};
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
    const char *dot = name + ck_sequence_name_of(name).stem;
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

typedef enum kind { OTHER, REGULAR, BROKEN } kind;

static kind kind_of(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0)
        return S_ISREG(st.st_mode) ? REGULAR : OTHER;
    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode) ? BROKEN : OTHER;
}

/* Append an entry of a folder if it is a file.  Takes ownership of `path`. */
static ck_status add_entry(ck_sequence *s, char *path, const ck_pattern *p, ck_error *e)
{
    kind k = path ? kind_of(path) : REGULAR;
    if (k == REGULAR)
        return add(files_of(s), path, p, e);
    if (k == BROKEN)
        return add((files){&s->broken, &s->n_broken, &s->cap_broken}, path, p, e);
    free(path);
    return CK_OK;
}

/* Append all files of a folder that match the pattern or, without one, have an image suffix. */
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
        if (p ? ck_pattern_match(p, entry->d_name) == CK_NO_NUMBER
              : entry->d_name[0] == '.' || !image_suffix(entry->d_name))
            continue;
        status = add_entry(s, joined(dir, dir_bytes, entry->d_name), p, e);
    }
    if (status == CK_OK && errno)
        status = ck_fail_errno(e, "cannot read the folder");
    closedir(d);
    free(name);
    return status;
}

static ck_status all_broken(const ck_sequence *s, ck_error *e)
{
    return ck_fail(e, CK_ERR_IO, "only broken links, such as %s: repair them", s->broken[0].path);
}

static ck_status open_folder(ck_sequence *s, const char *dir, ck_error *e)
{
    char *slashed;
    if (asprintf(&slashed, "%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/") < 0)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    ck_status status = list(s, slashed, strlen(slashed), NULL, e);
    free(slashed);
    if (status == CK_OK && s->n == 0 && s->n_broken)
        return all_broken(s, e);
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
    if (status == CK_OK && s->n == 0 && s->n_broken)
        return all_broken(s, e);
    if (status == CK_OK && s->n == 0)
        status = ck_fail(e, CK_ERR_IO, "no file matches this pattern: check the name and the number of digits");
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
            status = add(files_of(s), strdup(paths[i]), NULL, e);
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

/* Refuse equal stems: the output files would overwrite each other. */
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
            status =
                ck_fail(e, CK_ERR_ARGUMENT,
                        "two files are called '%s' and would share one output: select one with a pattern", stems[i]);
    free(stems);
    return status;
}

static int by_value(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

/* Set s->numbered: every file has a number, and the numbers are distinct. */
static ck_status tell_apart(ck_sequence *s, ck_error *e)
{
    long *numbers = calloc(s->n, sizeof *numbers);
    if (!numbers)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the numbers of a sequence");
    for (size_t i = 0; i < s->n; i++)
        numbers[i] = s->files[i].number;
    qsort(numbers, s->n, sizeof *numbers, by_value);
    s->numbered = numbers[0] != CK_NO_NUMBER;
    for (size_t i = 1; i < s->n; i++)
        s->numbered = s->numbered && numbers[i - 1] != numbers[i];
    free(numbers);
    return CK_OK;
}

/* Sort, number and group the files. */
static ck_status arrange(ck_sequence *s, bool pattern, bool folder, ck_error *e)
{
    ck_status status = tell_apart(s, e);
    if (status == CK_OK && pattern)
        s->single = s->numbered;
    else if (status == CK_OK)
        status = ck_sequence_group(s, folder, e);
    if (status != CK_OK)
        return status;
    qsort(s->files, s->n, sizeof *s->files, pattern || s->single ? by_number : by_path);
    for (size_t i = 0; i < s->n; i++)
        s->files[i].index = (long)i;
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
    if (s == CK_OK)
        s = arrange(out, pattern, folder, e);
    if (s == CK_OK)
        s = check_stems(out, e);
    if (s != CK_OK) {
        if (pattern || folder)
            ck_fail_in(e, s, inputs[0]);
        ck_sequence_free(out);
    }
    return s;
}

static void free_list(ck_sequence_file *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(f[i].path);
        free(f[i].stem);
    }
    free(f);
}

void ck_sequence_free(ck_sequence *s)
{
    free_list(s->files, s->n);
    free_list(s->broken, s->n_broken);
    *s = (ck_sequence){0};
}
