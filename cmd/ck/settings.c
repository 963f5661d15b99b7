#include "ck/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libavutil/mem.h>
#include <libavutil/murmur3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ck/args.h"
#include "io/sequence.h"
#include "shared/inputs.h"

static ck_status no_memory(ck_error *e)
{
    return ck_fail(e, CK_ERR_MEMORY, "out of memory for the job's settings");
}

/* ---- files ---- */

/* "SIZE MTIME", as frames record it of their own files. */
static ck_status about_file(const char *path, char *buf, size_t n, ck_error *e)
{
    return ck_inputs_state(path, buf, n) ? CK_OK : ck_fail(e, CK_ERR_IO, "%s: cannot be read as a file", path);
}

/* "240 files, HASH": a hash of their names, sizes and times. */
static ck_status about_sequence(const char *path, char *buf, size_t n, ck_error *e)
{
    ck_sequence files;
    struct AVMurMur3 *hash = av_murmur3_alloc();
    ck_status s = hash ? ck_sequence_open(&path, 1, &files, e) : no_memory(e);
    if (s != CK_OK) {
        av_free(hash);
        return s;
    }
    uint8_t sum[16];
    av_murmur3_init(hash);
    for (size_t i = 0; i < files.n && s == CK_OK; i++) {
        char text[100];
        s = about_file(files.files[i].path, text, sizeof text, e);
        av_murmur3_update(hash, (const uint8_t *)files.files[i].stem, strlen(files.files[i].stem) + 1);
        av_murmur3_update(hash, (const uint8_t *)text, s == CK_OK ? strlen(text) + 1 : 0);
    }
    av_murmur3_final(hash, sum);
    av_free(hash);
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | sum[i];
    snprintf(buf, n, "%zu files, %016" PRIx64, files.n, v);
    ck_sequence_free(&files);
    return s;
}

/* "shot.#.exr": the sequence's name alone.  Each frame's row in the record has the state of its own file. */
static ck_status about_names(const char *path, char *buf, size_t n, ck_error *e)
{
    ck_sequence files;
    ck_status s = ck_sequence_open(&path, 1, &files, e);
    if (s != CK_OK)
        return s;
    const ck_sequence_file *f = files.files;
    const char *suffix = strrchr(f->path, '.');
    if (files.single && f->number != CK_NO_NUMBER)
        snprintf(buf, n, "%.*s#%s%s", (int)f->from, f->stem, f->stem + f->to, suffix ? suffix : "");
    else
        snprintf(buf, n, "%zu files", files.n);
    ck_sequence_free(&files);
    return CK_OK;
}

/* Hash of a file's bytes, since copies of a model on two machines differ in time. */
static ck_status about_bytes(const char *path, char *buf, size_t n, ck_error *e)
{
    enum { BLOCK = 1 << 20 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *block = malloc(BLOCK), sum[16];
    struct AVMurMur3 *hash = av_murmur3_alloc();
    ck_status s = fd < 0 ? ck_fail_errno(e, "%s: cannot open", path) : block && hash ? CK_OK : no_memory(e);
    if (s == CK_OK)
        av_murmur3_init(hash);
    for (ssize_t k = 1; s == CK_OK && k > 0;) {
        k = read(fd, block, BLOCK);
        if (k < 0 && errno == EINTR)
            k = 1;
        else if (k < 0)
            s = ck_fail_errno(e, "%s: cannot read", path);
        else
            av_murmur3_update(hash, block, (size_t)k);
    }
    if (s == CK_OK) {
        av_murmur3_final(hash, sum);
        for (int i = 0; i < 16; i++)
            snprintf(buf + 2 * i, n - 2 * (size_t)i, "%02x", sum[i]);
    }
    if (fd >= 0)
        close(fd);
    free(block);
    av_free(hash);
    return s;
}

/* Set pair `key` to the name and identity of a file, folder or pattern.  For "-" and pipes the identity is unknown. */
static ck_status add_file(ck_meta *m, const char *key, const char *path, ck_error *e)
{
    struct stat st;
    char about[300] = "read once";
    bool there = stat(path, &st) == 0, plate = !strcmp(key, "input");
    char *name = ck_option_base_name(path);
    ck_status s = name ? CK_OK : no_memory(e);
    bool sequence = ck_sequence_is_pattern(path) || (there && S_ISDIR(st.st_mode));
    if (s == CK_OK && sequence)
        s = plate ? about_names(path, about, sizeof about, e) : about_sequence(path, about, sizeof about, e);
    else if (s == CK_OK && there && S_ISREG(st.st_mode))
        s = strcmp(key, "model") ? about_file(path, about, sizeof about, e) : about_bytes(path, about, sizeof about, e);
    if (s == CK_OK)
        s = ck_meta_setf(m, e, key, "%s, %s", name, about);
    free(name);
    return s;
}

/* ---- options ---- */

/* The files that option `o` names. */
static ck_status add_files_of(ck_meta *m, const ck_option *o, const void *opts, ck_error *e)
{
    const void *field = (const char *)opts + o->offset;
    if (!o->metavar || !strstr(o->metavar, "FILE") || !ck_option_changes_pixels(o))
        return CK_OK;
    if (o->type == CK_STRING) {
        const char *path = *(const char *const *)field;
        return path ? add_file(m, o->name, path, e) : CK_OK;
    }
    const ck_list *list = field;
    ck_status s = CK_OK;
    for (int i = 0; i < list->n && s == CK_OK; i++) {
        const char *equals = strchr(list->items[i], '=');
        char key[80];
        if (!equals)
            continue;
        snprintf(key, sizeof key, "input.%.*s", (int)(equals - list->items[i]), list->items[i]);
        s = add_file(m, key, equals + 1, e);
    }
    return s;
}

/* The options of a stage, and the files they name. */
static ck_status add_stage(ck_meta *m, const ck_plan_stage *stage, ck_error *e)
{
    const ck_program *prog = stage->program;
    void *opts = calloc(1, prog->options_size);
    ck_status s = opts ? ck_args_parse(stage, opts, e) : no_memory(e);
    char *text = s == CK_OK ? ck_options_text(prog, opts) : NULL;
    if (s == CK_OK)
        s = text ? ck_meta_set(m, prog->name, text, e) : no_memory(e);
    for (const ck_option *o = prog->options; o->name && s == CK_OK; o++)
        s = add_files_of(m, o, opts, e);
    if (opts)
        ck_options_free(prog, opts);
    free(opts);
    free(text);
    return s;
}

ck_status ck_settings_of(const ck_plan *p, ck_job_run *run, ck_error *e)
{
    ck_status s = ck_meta_set(&run->pairs, "version", CK_VERSION, e);
    if (s == CK_OK)
        s = add_file(&run->pairs, "input", p->args.items[0], e);
    if (s == CK_OK)
        s = ck_meta_set(&run->pairs, "screen", ck_plan_screen(p), e);
    for (int i = 0; i < p->n && s == CK_OK; i++)
        s = add_stage(&run->pairs, &p->stages[i], e);
    return s == CK_OK ? ck_job_name(run, e) : s;
}

char *ck_settings_input(const ck_plan *p)
{
    ck_meta m = {0};
    char *text = NULL;
    if (add_file(&m, "input", p->args.items[0], NULL) == CK_OK)
        text = strdup(ck_meta_get(&m, "input"));
    ck_meta_free(&m);
    return text;
}

/* "'VALUE'", or "absent". */
static const char *shown(const char *value, char *buf, size_t n)
{
    if (!value)
        return "absent";
    snprintf(buf, n, "'%s'", value);
    return buf;
}

ck_status ck_settings_same(const ck_job_run *before, const ck_job_run *now, const char *out, ck_error *e)
{
    const ck_meta *sides[] = {&now->pairs, &before->pairs};
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < sides[k]->n; i++) {
            const char *key = sides[k]->pairs[i].key;
            const char *was = ck_meta_get(&before->pairs, key), *is = ck_meta_get(&now->pairs, key);
            char a[300], b[300];
            if (was && is && !strcmp(was, is))
                continue;
            return ck_fail(e, CK_ERR_ARGUMENT,
                           "%s: began with other settings: %s was %s, now %s: give the same, or choose another OUT",
                           out, key, shown(was, a, sizeof a), shown(is, b, sizeof b));
        }
    return CK_OK;
}
