#include "shared/job_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

static const char no_memory[] = "out of memory for " CK_JOB_FILE;

static void put_pair(FILE *f, const char *key, const char *value)
{
    fputs(", ", f);
    ck_json_put(f, key);
    fputs(": ", f);
    ck_json_put(f, value);
}

static void put_pairs(FILE *f, const ck_meta *m)
{
    for (size_t i = 0; i < m->n; i++)
        put_pair(f, m->pairs[i].key, m->pairs[i].value);
}

static void put_file(FILE *f, const ck_job_file *file)
{
    fprintf(f, "\"size\": %" PRIu64 ", \"mtime\": \"%" PRId64 ".%09ld\"", file->size, file->sec, file->nsec);
}

static void put_run(FILE *f, const void *object)
{
    const ck_job_run *r = object;
    fprintf(f, "{\"job\": \"%s\"", r->id);
    put_pair(f, "frames", r->frames ? r->frames : "");
    fprintf(f, ", \"chunks\": \"%ld\", \"length\": \"%ld\"", r->chunks > 1 ? r->chunks : 1, r->length);
    put_pairs(f, &r->pairs);
    fputc('}', f);
}

static void put_frame(FILE *f, const void *object)
{
    const ck_job_frame *r = object;
    fprintf(f, "{\"frame\": %ld, \"job\": \"%s\"", r->number, r->id);
    put_pair(f, "input", r->input ? r->input : "");
    fputs(", \"videos\": [", f);
    for (int i = 0; i < r->n_videos; i++) {
        fputs(i ? ", " : "", f);
        ck_json_put(f, r->videos[i]);
    }
    fputs("], \"files\": [", f);
    for (int i = 0; i < r->n; i++) {
        fputs(i ? ", {\"name\": " : "{\"name\": ", f);
        ck_json_put(f, r->files[i].name);
        fputs(", ", f);
        put_file(f, &r->files[i]);
        fputc('}', f);
    }
    fputc(']', f);
    if (r->values)
        ck_job_values_put(f, r->values);
    fputc('}', f);
}

static void put_failure(FILE *f, const void *object)
{
    const ck_job_failure *r = object;
    fprintf(f, "{\"failure\": %ld", r->number);
    put_pair(f, "job", r->id);
    put_pair(f, "text", r->text);
    fputc('}', f);
}

static void put_stopped(FILE *f, const void *object)
{
    const char *const *texts = object;
    fputs("{\"stopped\": ", f);
    ck_json_put(f, texts[0]);
    put_pair(f, "job", texts[1]);
    fputc('}', f);
}

static void put_command(FILE *f, const void *object)
{
    const char *const *texts = object;
    fputs("{\"command\": ", f);
    ck_json_put(f, texts[0]);
    put_pair(f, "folder", texts[1]);
    put_pair(f, "job", texts[2]);
    fputc('}', f);
}

static void put_video(FILE *f, const void *object)
{
    const ck_job_video *r = object;
    fputs("{\"video\": ", f);
    ck_json_put(f, r->file.name);
    put_pair(f, "job", r->id);
    put_pair(f, "frames", r->frames);
    put_pair(f, "failed", r->failed);
    fputs(", ", f);
    put_file(f, &r->file);
    fputc('}', f);
}

static char *text_of(void (*put)(FILE *f, const void *object), const void *object)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    if (f)
        put(f, object);
    if (f && !fclose(f))
        return text;
    free(text);
    return NULL;
}

char *ck_job_run_text(const ck_job_run *run)
{
    return text_of(put_run, run);
}

char *ck_job_frame_text(const ck_job_frame *frame)
{
    return text_of(put_frame, frame);
}

char *ck_job_video_text(const ck_job_video *video)
{
    return text_of(put_video, video);
}

char *ck_job_failure_text(const ck_job_failure *failure)
{
    return text_of(put_failure, failure);
}

char *ck_job_stopped_text(const char *text, const char *id)
{
    const char *const texts[] = {text, id};
    return text_of(put_stopped, texts);
}

char *ck_job_command_text(const char *command, const char *folder, const char *id)
{
    const char *const texts[] = {command, folder, id};
    return text_of(put_command, texts);
}

/* FNV-1a of the pairs' text. */
ck_status ck_job_name(ck_job_run *run, ck_error *e)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    if (f)
        put_pairs(f, &run->pairs);
    if (!f || fclose(f)) {
        free(text);
        return ck_fail(e, CK_ERR_MEMORY, no_memory);
    }
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)text[i]) * 1099511628211u;
    snprintf(run->id, sizeof run->id, "%016" PRIx64, h);
    free(text);
    return CK_OK;
}

static void free_file(ck_job_file *f)
{
    free(f->name);
}

void ck_job_frame_free(ck_job_frame *f)
{
    for (int i = 0; i < f->n; i++)
        free_file(&f->files[i]);
    for (int i = 0; i < f->n_videos; i++)
        free(f->videos[i]);
    free(f->files);
    free(f->videos);
    free(f->input);
    free(f->values);
}

void ck_job_video_free(ck_job_video *v)
{
    free_file(&v->file);
    free(v->frames);
    free(v->failed);
}

void ck_job_run_free(ck_job_run *run)
{
    free(run->frames);
    ck_meta_free(&run->pairs);
    *run = (ck_job_run){0};
}

static ck_status keep(char **to, const char *text, ck_error *e)
{
    free(*to);
    *to = strdup(text);
    return *to ? CK_OK : ck_fail(e, CK_ERR_MEMORY, no_memory);
}

static ck_status read_time(ck_json *j, ck_job_file *f, ck_error *e)
{
    ck_json_text t;
    ck_status s = ck_json_string(j, &t, e);
    if (s == CK_OK && sscanf(t.s, "%" SCNd64 ".%9ld", &f->sec, &f->nsec) != 2)
        return ck_json_fail(j, e, "not a time");
    return s;
}

static ck_status read_file(ck_json *j, ck_job_file *f, ck_error *e)
{
    ck_json_text key, t;
    bool more = true;
    ck_status s = ck_json_expect(j, '{', e);
    for (bool first = true; s == CK_OK; first = false) {
        s = ck_json_member(j, first, &more, &key, e);
        if (s != CK_OK || !more)
            break;
        if (!strcmp(key.s, "size")) {
            s = ck_json_number(j, &f->size, e);
        } else if (!strcmp(key.s, "mtime")) {
            s = read_time(j, f, e);
        } else {
            s = ck_json_string(j, &t, e);
            if (s == CK_OK && !strcmp(key.s, "name"))
                s = keep(&f->name, t.s, e);
        }
    }
    return s == CK_OK && !f->name ? ck_json_fail(j, e, "a file without a name") : s;
}

static ck_status read_files(ck_json *j, ck_job_frame *f, ck_error *e)
{
    ck_status s = ck_json_expect(j, '[', e);
    size_t cap = 0;
    while (s == CK_OK && !ck_json_accept(j, ']')) {
        if (f->n && (s = ck_json_expect(j, ',', e)) != CK_OK)
            break;
        ck_job_file *grown = ck_grown(f->files, (size_t)f->n, &cap, sizeof *grown);
        if (!grown)
            return ck_fail(e, CK_ERR_MEMORY, no_memory);
        f->files = grown;
        grown[f->n] = (ck_job_file){0};
        s = read_file(j, &grown[f->n++], e);
    }
    return s;
}

static ck_status read_videos(ck_json *j, ck_job_frame *f, ck_error *e)
{
    ck_status s = ck_json_expect(j, '[', e);
    ck_json_text t;
    size_t cap = 0;
    while (s == CK_OK && !ck_json_accept(j, ']')) {
        if (f->n_videos && (s = ck_json_expect(j, ',', e)) != CK_OK)
            break;
        char **grown = ck_grown(f->videos, (size_t)f->n_videos, &cap, sizeof *grown);
        if (!grown)
            return ck_fail(e, CK_ERR_MEMORY, no_memory);
        f->videos = grown;
        grown[f->n_videos++] = NULL;
        s = ck_json_string(j, &t, e);
        if (s == CK_OK)
            s = keep(&grown[f->n_videos - 1], t.s, e);
    }
    return s;
}

/* Read a value that is a string. */
static ck_status read_text(ck_json *j, const char *key, ck_job_line *l, ck_error *e)
{
    ck_json_text t;
    ck_status s = ck_json_string(j, &t, e);
    if (s != CK_OK)
        return s;
    if (!strcmp(key, "job")) {
        snprintf(l->as_run.id, sizeof l->as_run.id, "%s", t.s);
        memcpy(l->as_frame.id, l->as_run.id, sizeof l->as_run.id);
        memcpy(l->as_video.id, l->as_run.id, sizeof l->as_run.id);
        memcpy(l->as_failure.id, l->as_run.id, sizeof l->as_run.id);
        l->run = !l->frame && !l->video && !l->failure && !l->command && !l->stopped;
        return CK_OK;
    }
    if (!strcmp(key, "video")) {
        l->video = true;
        return keep(&l->as_video.file.name, t.s, e);
    }
    if (!strcmp(key, "stopped"))
        return keep(&l->stopped, t.s, e);
    if (!strcmp(key, "command"))
        return keep(&l->command, t.s, e);
    if (!strcmp(key, "folder") && l->command)
        return keep(&l->folder, t.s, e);
    if (!strcmp(key, "text") && l->failure)
        return keep(&l->as_failure.text, t.s, e);
    if (!strcmp(key, "chunks") && !l->frame && !l->video) {
        l->as_run.chunks = strtol(t.s, NULL, 10);
        return CK_OK;
    }
    if (!strcmp(key, "length") && !l->frame && !l->video) {
        l->as_run.length = strtol(t.s, NULL, 10);
        return CK_OK;
    }
    if (!strcmp(key, "input") && l->frame)
        return keep(&l->as_frame.input, t.s, e);
    if (!strcmp(key, "failed") && l->video)
        return keep(&l->as_video.failed, t.s, e);
    if (!strcmp(key, "frames"))
        return l->video ? keep(&l->as_video.frames, t.s, e) : keep(&l->as_run.frames, t.s, e);
    return ck_meta_set(&l->as_run.pairs, key, t.s, e);
}

/* A figure of a frame. */
static ck_status read_figure(ck_json *j, const char *key, ck_job_frame *f, bool *known, ck_error *e)
{
    if (!f->values && !(f->values = calloc(1, sizeof *f->values)))
        return ck_fail(e, CK_ERR_MEMORY, no_memory);
    return ck_job_values_read(j, key, f->values, known, e);
}

static ck_status read_value(ck_json *j, const char *key, ck_job_line *l, ck_error *e)
{
    int64_t number;
    bool known = false;
    if (!strcmp(key, "frame")) {
        ck_status s = ck_json_signed(j, &number, e);
        l->frame = true;
        l->as_frame.number = s == CK_OK ? (long)number : 0;
        return s;
    }
    if (!strcmp(key, "failure")) {
        ck_status s = ck_json_signed(j, &number, e);
        l->failure = true;
        l->as_failure.number = s == CK_OK ? (long)number : 0;
        return s;
    }
    ck_status s = l->frame ? read_figure(j, key, &l->as_frame, &known, e) : CK_OK;
    if (known || s != CK_OK)
        return s;
    if (!strcmp(key, "files"))
        return read_files(j, &l->as_frame, e);
    if (!strcmp(key, "videos"))
        return read_videos(j, &l->as_frame, e);
    if (!strcmp(key, "size"))
        return ck_json_number(j, &l->as_video.file.size, e);
    return strcmp(key, "mtime") ? read_text(j, key, l, e) : read_time(j, &l->as_video.file, e);
}

void ck_job_line_free(ck_job_line *l)
{
    ck_job_run_free(&l->as_run);
    ck_job_frame_free(&l->as_frame);
    ck_job_video_free(&l->as_video);
    free(l->as_failure.text);
    free(l->command);
    free(l->stopped);
    free(l->folder);
}

/* An object of any kind. */
ck_status ck_job_line_read(const char *text, size_t n, ck_job_line *l, ck_error *e)
{
    ck_json j;
    ck_json_text key;
    bool more;
    *l = (ck_job_line){0};
    ck_status s = ck_json_open(&j, text, n, "object", "the file was changed by another program: remove it", e);
    if (s == CK_OK)
        s = ck_json_expect(&j, '{', e);
    for (bool first = true; s == CK_OK; first = false) {
        s = ck_json_member(&j, first, &more, &key, e);
        if (s != CK_OK || !more)
            break;
        s = read_value(&j, key.s, l, e);
    }
    if (s == CK_OK)
        s = ck_json_end(&j, e);
    if (s == CK_OK && l->video && (!l->as_video.frames || !l->as_video.failed))
        s = ck_json_fail(&j, e, "a video without its frames");
    if (s == CK_OK && l->failure && !l->as_failure.text)
        s = ck_json_fail(&j, e, "a failure without its text");
    if (s == CK_OK && l->command && !l->folder)
        s = keep(&l->folder, "", e);
    if (s == CK_OK && l->frame && !l->as_frame.input)
        s = keep(&l->as_frame.input, "", e);
    if (s == CK_OK && l->run && !l->as_run.frames)
        s = keep(&l->as_run.frames, "", e);
    ck_json_close(&j);
    return s;
}

ck_status ck_job_run_parse(const char *text, ck_job_run *out, ck_error *e)
{
    ck_job_line l;
    ck_status s = ck_job_line_read(text, strlen(text), &l, e);
    if (s == CK_OK && !l.run)
        s = ck_fail(e, CK_ERR_FORMAT, "not a job");
    *out = (ck_job_run){0};
    if (s == CK_OK) {
        *out = l.as_run;
        l.as_run = (ck_job_run){0};
    }
    ck_job_line_free(&l);
    return s;
}
