#include "shared/job.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"

static const char no_memory[] = "out of memory for " CK_JOB_FILE;

/* ---- objects as text ---- */

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
    put_pairs(f, &r->pairs);
    fputc('}', f);
}

static void put_frame(FILE *f, const void *object)
{
    const ck_job_frame *r = object;
    fprintf(f, "{\"frame\": %ld, \"job\": \"%s\", \"videos\": [", r->number, r->id);
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
    fputs("]}", f);
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

/* ---- text as objects ---- */

/* The values that a line may hold. */
typedef struct line {
    bool run, frame, video;
    ck_job_run as_run;
    ck_job_frame as_frame;
    ck_job_video as_video;
} line;

static void free_file(ck_job_file *f)
{
    free(f->name);
}

static void free_frame(ck_job_frame *f)
{
    for (int i = 0; i < f->n; i++)
        free_file(&f->files[i]);
    for (int i = 0; i < f->n_videos; i++)
        free(f->videos[i]);
    free(f->files);
    free(f->videos);
}

static void free_video(ck_job_video *v)
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

/* A value whose key is that of a string in any of the objects. */
static ck_status read_text(ck_json *j, const char *key, line *l, ck_error *e)
{
    ck_json_text t;
    ck_status s = ck_json_string(j, &t, e);
    if (s != CK_OK)
        return s;
    if (!strcmp(key, "job")) {
        snprintf(l->as_run.id, sizeof l->as_run.id, "%s", t.s);
        memcpy(l->as_frame.id, l->as_run.id, sizeof l->as_run.id);
        memcpy(l->as_video.id, l->as_run.id, sizeof l->as_run.id);
        l->run = !l->frame && !l->video;
        return CK_OK;
    }
    if (!strcmp(key, "video")) {
        l->video = true;
        return keep(&l->as_video.file.name, t.s, e);
    }
    if (!strcmp(key, "failed") && l->video)
        return keep(&l->as_video.failed, t.s, e);
    if (!strcmp(key, "frames"))
        return l->video ? keep(&l->as_video.frames, t.s, e) : keep(&l->as_run.frames, t.s, e);
    return ck_meta_set(&l->as_run.pairs, key, t.s, e);
}

static ck_status read_value(ck_json *j, const char *key, line *l, ck_error *e)
{
    int64_t number;
    if (!strcmp(key, "frame")) {
        ck_status s = ck_json_signed(j, &number, e);
        l->frame = true;
        l->as_frame.number = s == CK_OK ? (long)number : 0;
        return s;
    }
    if (!strcmp(key, "files"))
        return read_files(j, &l->as_frame, e);
    if (!strcmp(key, "videos"))
        return read_videos(j, &l->as_frame, e);
    if (!strcmp(key, "size"))
        return ck_json_number(j, &l->as_video.file.size, e);
    return strcmp(key, "mtime") ? read_text(j, key, l, e) : read_time(j, &l->as_video.file, e);
}

static void free_line(line *l)
{
    ck_job_run_free(&l->as_run);
    free_frame(&l->as_frame);
    free_video(&l->as_video);
}

/* An object of any kind. */
static ck_status read_line(const char *text, size_t n, line *l, ck_error *e)
{
    ck_json j;
    ck_json_text key;
    bool more;
    *l = (line){0};
    ck_status s = ck_json_open(&j, text, n, "line", "the file was changed by another program: remove it", e);
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
    if (s == CK_OK && l->run && !l->as_run.frames)
        s = keep(&l->as_run.frames, "", e);
    ck_json_close(&j);
    return s;
}

ck_status ck_job_run_parse(const char *text, ck_job_run *out, ck_error *e)
{
    line l;
    ck_status s = read_line(text, strlen(text), &l, e);
    if (s == CK_OK && !l.run)
        s = ck_fail(e, CK_ERR_FORMAT, "not a job");
    *out = (ck_job_run){0};
    if (s == CK_OK) {
        *out = l.as_run;
        l.as_run = (ck_job_run){0};
    }
    free_line(&l);
    return s;
}

/* ---- the file ---- */

/* Move the object of a line into the job. */
static ck_status add_line(ck_job *job, line *l, ck_error *e)
{
    void *grown;
    if (l->frame) {
        grown = ck_grown(job->frames, job->n_frames, &job->cap_frames, sizeof *job->frames);
        job->frames = grown ? grown : job->frames;
        if (grown) {
            l->as_frame.order = job->n_frames;
            job->frames[job->n_frames++] = l->as_frame;
            l->as_frame = (ck_job_frame){0};
        }
    } else if (l->video) {
        grown = ck_grown(job->videos, job->n_videos, &job->cap_videos, sizeof *job->videos);
        job->videos = grown ? grown : job->videos;
        if (grown) {
            job->videos[job->n_videos++] = l->as_video;
            l->as_video = (ck_job_video){0};
        }
    } else {
        grown = ck_grown(job->runs, job->n_runs, &job->cap_runs, sizeof *job->runs);
        job->runs = grown ? grown : job->runs;
        if (grown) {
            job->runs[job->n_runs++] = l->as_run;
            l->as_run = (ck_job_run){0};
        }
    }
    return grown ? CK_OK : ck_fail(e, CK_ERR_MEMORY, no_memory);
}

/* By number and name: photos of one folder may share a number. */
static int same_frame(const ck_job_frame *x, const ck_job_frame *y)
{
    int d = (x->number > y->number) - (x->number < y->number);
    return d ? d : strcmp(x->n ? x->files[0].name : "", y->n ? y->files[0].name : "");
}

/* Later lines first. */
static int by_frame(const void *a, const void *b)
{
    const ck_job_frame *x = a, *y = b;
    int d = same_frame(x, y);
    return d ? d : (x->order < y->order) - (x->order > y->order);
}

/* Sort the frames; of lines for the same files only the last counts. */
static void settle(ck_job *job)
{
    size_t n = 0;
    if (job->n_frames)
        qsort(job->frames, job->n_frames, sizeof *job->frames, by_frame);
    for (size_t i = 0; i < job->n_frames; i++) {
        if (n && !same_frame(&job->frames[n - 1], &job->frames[i]))
            free_frame(&job->frames[i]);
        else
            job->frames[n++] = job->frames[i];
    }
    job->n_frames = n;
}

/* Read the lines between "[" and "]".  A last line without a newline was cut off, and is ignored. */
static ck_status read_lines(const char *text, size_t n, ck_job *job, ck_error *e)
{
    ck_status s = CK_OK;
    long number = 1;
    for (const char *p = text, *next; s == CK_OK && (next = memchr(p, '\n', n - (size_t)(p - text))); p = next + 1) {
        size_t len = (size_t)(next - p);
        if (len && p[len - 1] == ',')
            len--;
        if (len > 1) {
            line l;
            s = read_line(p, len, &l, e);
            if (s == CK_OK)
                s = add_line(job, &l, e);
            free_line(&l);
        }
        if (s != CK_OK) {
            char where[32];
            snprintf(where, sizeof where, "line %ld", number);
            ck_fail_in(e, s, where);
        }
        number++;
    }
    settle(job);
    return s;
}

static char *job_path(const char *out)
{
    char *path;
    return asprintf(&path, "%s/" CK_JOB_FILE, out) < 0 ? NULL : path;
}

/* Lock the whole file; a lock that the file system does not have is done without. */
static void lock(int fd, short type)
{
    struct flock l = {.l_type = type, .l_whence = SEEK_SET};
    while (fcntl(fd, F_SETLKW, &l) && errno == EINTR)
        ;
}

/* The bytes of the file, owned; NULL with errno set. */
static char *read_all(int fd, size_t *n)
{
    struct stat st;
    char *text = fstat(fd, &st) ? NULL : malloc((size_t)st.st_size + 1);
    *n = 0;
    while (text && *n < (size_t)st.st_size) {
        ssize_t k = pread(fd, text + *n, (size_t)st.st_size - *n, (off_t)*n);
        if (k > 0)
            *n += (size_t)k;
        else if (k == 0)
            break;
        else if (errno != EINTR) {
            free(text);
            return NULL;
        }
    }
    return text;
}

ck_status ck_job_read(const char *out, ck_job *job, ck_error *e)
{
    *job = (ck_job){0};
    char *path = job_path(out);
    if (!path)
        return ck_fail(e, CK_ERR_MEMORY, no_memory);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_status s = fd >= 0 || errno == ENOENT ? CK_OK : ck_fail_errno(e, "cannot open");
    if (fd >= 0) {
        size_t n;
        lock(fd, F_RDLCK);
        char *text = read_all(fd, &n);
        close(fd);
        s = text ? read_lines(text, n, job, e) : ck_fail_errno(e, "cannot read");
        free(text);
    }
    if (s != CK_OK)
        ck_fail_in(e, s, path);
    free(path);
    return s;
}

void ck_job_free(ck_job *job)
{
    for (size_t i = 0; i < job->n_runs; i++)
        ck_job_run_free(&job->runs[i]);
    for (size_t i = 0; i < job->n_frames; i++)
        free_frame(&job->frames[i]);
    for (size_t i = 0; i < job->n_videos; i++)
        free_video(&job->videos[i]);
    free(job->runs);
    free(job->frames);
    free(job->videos);
    *job = (ck_job){0};
}

const ck_job_frame *ck_job_frame_of(const ck_job *job, long number, const char *id)
{
    size_t lo = 0, hi = job->n_frames;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (job->frames[mid].number < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < job->n_frames && job->frames[lo].number == number; lo++)
        if (!strcmp(job->frames[lo].id, id))
            return &job->frames[lo];
    return NULL;
}

const ck_job_video *ck_job_video_of(const ck_job *job, const char *name, const char *id)
{
    for (size_t i = job->n_videos; i-- > 0;)
        if (!strcmp(job->videos[i].file.name, name) && !strcmp(job->videos[i].id, id))
            return &job->videos[i];
    return NULL;
}

/* The end of the last whole line, comma excluded, so that what follows may be overwritten; 0 for an empty file.  It is
 * within the last bytes unless the last line is very long. */
static off_t append_at(int fd, off_t size)
{
    char tail[4096];
    off_t from = size > (off_t)sizeof tail ? size - (off_t)sizeof tail : 0;
    ssize_t n = pread(fd, tail, sizeof tail, from);
    if (n >= 3 && !memcmp(tail + n - 3, "\n]\n", 3))
        return from + n - 3;
    /* A writer was stopped in the middle. */
    size_t all;
    char *text = read_all(fd, &all);
    off_t at = 0;
    for (size_t i = all; text && i-- > 1 && !at;)
        if (text[i] == '\n' && (text[i - 1] == ',' || text[i - 1] == '}'))
            at = (off_t)(text[i - 1] == ',' ? i - 1 : i);
    free(text);
    return at;
}

static ck_status write_at(int fd, const char *text, size_t n, off_t at, ck_error *e)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = pwrite(fd, text + done, n - done, at + (off_t)done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return ck_fail_errno(e, "cannot write");
        done += (size_t)k;
    }
    return CK_OK;
}

/* Append an object and close the array again.  If that fails, the file stays as it was. */
static ck_status append(int fd, const char *object, ck_error *e)
{
    struct stat st;
    char *text;
    if (fstat(fd, &st))
        return ck_fail_errno(e, "cannot read");
    off_t at = append_at(fd, st.st_size);
    int n = asprintf(&text, "%s%s\n]\n", at ? ",\n" : "[\n", object);
    if (n < 0)
        return ck_fail(e, CK_ERR_MEMORY, no_memory);
    ck_status s = write_at(fd, text, (size_t)n, at, e);
    if (s != CK_OK && at)
        (void)write_at(fd, "\n]\n", 3, at, NULL);
    if (ftruncate(fd, at + (s == CK_OK ? n : at ? 3 : 0)) && s == CK_OK)
        s = ck_fail_errno(e, "cannot write");
    free(text);
    return s;
}

/* True if the last run in the file is `text`. */
static bool last_run_is(int fd, const char *text)
{
    size_t n, len = strlen(text);
    char *all = read_all(fd, &n);
    bool same = false;
    for (size_t i = n; all && i-- > 0;)
        if ((i == 0 || all[i - 1] == '\n') && n - i > len && !strncmp(all + i, "{\"job\"", strlen("{\"job\""))) {
            same = !memcmp(all + i, text, len);
            break;
        }
    free(all);
    return same;
}

/* Append the object that `text` is, and free it.  A run is left out if the last one is the same. */
static ck_status add(const char *out, char *text, bool run, ck_error *e)
{
    char *path = job_path(out);
    if (!path || !text) {
        free(path);
        free(text);
        return ck_fail(e, CK_ERR_MEMORY, no_memory);
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    ck_status s = fd >= 0 ? CK_OK : ck_fail_errno(e, "cannot open");
    if (fd >= 0) {
        lock(fd, F_WRLCK);
        if (!run || !last_run_is(fd, text))
            s = append(fd, text, e);
        close(fd);
    }
    if (s != CK_OK)
        ck_fail_in(e, s, path);
    free(path);
    free(text);
    return s;
}

ck_status ck_job_add_run(const char *out, const ck_job_run *run, ck_error *e)
{
    return add(out, ck_job_run_text(run), true, e);
}

ck_status ck_job_add_frame(const char *out, const ck_job_frame *frame, ck_error *e)
{
    return add(out, text_of(put_frame, frame), false, e);
}

ck_status ck_job_add_video(const char *out, const ck_job_video *video, ck_error *e)
{
    return add(out, text_of(put_video, video), false, e);
}

static bool stat_file(const char *out, const char *name, struct stat *st)
{
    char *path;
    if (asprintf(&path, "%s/%s", out, name) < 0)
        return false;
    bool good = !stat(path, st) && S_ISREG(st->st_mode);
    free(path);
    return good;
}

ck_status ck_job_stat(const char *out, ck_job_file *f, ck_error *e)
{
    struct stat st;
    if (!stat_file(out, f->name, &st))
        return ck_fail_errno(e, "%s/%s: cannot read what was written", out, f->name);
    f->size = (uint64_t)st.st_size;
    f->sec = st.st_mtim.tv_sec;
    f->nsec = st.st_mtim.tv_nsec;
    return CK_OK;
}

bool ck_job_file_is(const char *out, const ck_job_file *f)
{
    struct stat st;
    return stat_file(out, f->name, &st) && (uint64_t)st.st_size == f->size && st.st_mtim.tv_sec == f->sec &&
           st.st_mtim.tv_nsec == f->nsec;
}
