#include "shared/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/outfile.h"
#include "shared/job_line.h"

static const char no_memory[] = "out of memory for " CK_JOB_FILE;

/* Move the object of a line into the job. */
static ck_status add_line(ck_job *job, ck_job_line *l, ck_error *e)
{
    void *grown;
    if (l->frame) {
        grown = ck_grown(job->frames, job->n_frames, &job->cap_frames, sizeof *job->frames);
        job->frames = grown ? grown : job->frames;
        if (grown) {
            l->as_frame.order = job->lines;
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
    } else if (l->failure) {
        grown = ck_grown(job->failures, job->n_failures, &job->cap_failures, sizeof *job->failures);
        job->failures = grown ? grown : job->failures;
        if (grown) {
            l->as_failure.order = job->lines;
            job->failures[job->n_failures++] = l->as_failure;
            l->as_failure = (ck_job_failure){0};
        }
    } else if (l->stopped) {
        free(job->stopped);
        grown = job->stopped = l->stopped;
        l->stopped = NULL;
    } else if (l->command) {
        free(job->command);
        free(job->folder);
        job->command = l->command;
        job->folder = l->folder;
        l->command = l->folder = NULL;
        grown = job->command;
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

/* Sort the frames.  Of several lines for the same files, keep the last. */
static void settle(ck_job *job)
{
    size_t n = 0;
    if (job->n_frames)
        qsort(job->frames, job->n_frames, sizeof *job->frames, by_frame);
    for (size_t i = 0; i < job->n_frames; i++) {
        if (n && !same_frame(&job->frames[n - 1], &job->frames[i]))
            ck_job_frame_free(&job->frames[i]);
        else
            job->frames[n++] = job->frames[i];
    }
    job->n_frames = n;
}

/* Its members are for other programs: only a later list is compared with the text. */
static ck_status keep_outliers(ck_job *job, const char *text, size_t n, ck_error *e)
{
    free(job->outliers);
    job->outliers = strndup(text, n);
    return job->outliers ? CK_OK : ck_fail(e, CK_ERR_MEMORY, no_memory);
}

static ck_status read_line(ck_job *job, const char *text, size_t n, ck_error *e)
{
    static const char outliers[] = "{\"outliers\"";
    if (n >= sizeof outliers && !memcmp(text, outliers, sizeof outliers - 1))
        return keep_outliers(job, text, n, e);
    ck_job_line l;
    ck_status s = ck_job_line_read(text, n, &l, e);
    if (s == CK_OK)
        s = add_line(job, &l, e);
    ck_job_line_free(&l);
    return s;
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
        if (len > 1)
            s = read_line(job, p, len, e);
        job->lines++;
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

/* Lock the whole file.  On a file system without locks, go on without one.
 *
 * Runs hold the lock for milliseconds.  It is tried again and again, since F_SETLKW of a network file system waits
 * seconds between its own tries, and would wait in silence for a machine that died with the lock. */
static void lock(int fd, short type, const char *path)
{
    enum { WARN_MS = 10000, MOST_MS = 50 };
    struct flock l = {.l_type = type, .l_whence = SEEK_SET};
    bool said = false;
    for (long waited = 0, pause = 1; fcntl(fd, F_SETLK, &l);) {
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != EACCES)
            return;
        if (waited >= WARN_MS && !said) {
            ck_log_warning("%s: locked by another run for %d s: waiting; if its machine is dead, see FARMS in ck(7)",
                           path, WARN_MS / 1000);
            said = true;
        }
        nanosleep(&(struct timespec){.tv_nsec = pause * 1000000}, NULL);
        waited += pause;
        pause = 2 * pause < MOST_MS ? 2 * pause : MOST_MS;
    }
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
        lock(fd, F_RDLCK, path);
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
        ck_job_frame_free(&job->frames[i]);
    for (size_t i = 0; i < job->n_videos; i++)
        ck_job_video_free(&job->videos[i]);
    free(job->runs);
    free(job->frames);
    for (size_t i = 0; i < job->n_failures; i++)
        free(job->failures[i].text);
    free(job->videos);
    free(job->failures);
    free(job->command);
    free(job->folder);
    free(job->stopped);
    free(job->outliers);
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

bool ck_job_failed(const ck_job *job, const ck_job_failure *f)
{
    const ck_job_frame *done = ck_job_frame_of(job, f->number, f->id);
    return !done || done->order < f->order;
}

const ck_job_video *ck_job_video_of(const ck_job *job, const char *name, const char *id)
{
    for (size_t i = job->n_videos; i-- > 0;)
        if (!strcmp(job->videos[i].file.name, name) && !strcmp(job->videos[i].id, id))
            return &job->videos[i];
    return NULL;
}

/* The offset to write at: the end of the last whole line, before its comma; 0 for an empty file.  The bytes from there
 * on are the array's end, or a line that was cut off. */
static off_t append_at(int fd, off_t size)
{
    static const char close[] = "\n]\n";
    char tail[sizeof close - 1];
    off_t at = size - (off_t)sizeof tail;
    if (at > 0 && pread(fd, tail, sizeof tail, at) == (ssize_t)sizeof tail && !memcmp(tail, close, sizeof tail))
        return at;
    /* The array is not closed: a writer was stopped in the middle. */
    size_t all;
    char *text = read_all(fd, &all);
    at = 0;
    for (size_t i = all; text && i-- > 1 && !at;)
        if (text[i] == '\n' && (text[i - 1] == ',' || text[i - 1] == '}'))
            at = (off_t)(text[i - 1] == ',' ? i - 1 : i);
    free(text);
    return at;
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
    ck_status s = ck_write_all(fd, text, (size_t)n, at, e);
    if (s != CK_OK && at)
        (void)ck_write_all(fd, "\n]\n", 3, at, NULL);
    if (ftruncate(fd, at + (s == CK_OK ? n : at ? 3 : 0)) && s == CK_OK)
        s = ck_fail_errno(e, "cannot write");
    if (s == CK_OK && ck_outfile_syncs() && fdatasync(fd))
        s = ck_fail_errno(e, "cannot flush to the disk");
    free(text);
    return s;
}

/* Refuse to change a file that is not ours. */
static ck_status check_own(int fd, ck_error *e)
{
    static const char first[] = "[\n{\"";
    char head[sizeof first - 1];
    ssize_t n = pread(fd, head, sizeof head, 0);
    return n < (ssize_t)sizeof head || !memcmp(head, first, sizeof head)
               ? CK_OK
               : ck_fail(e, CK_ERR_FORMAT, "was not written by ck key: move it away");
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

/* Append the object in `text`, and free it.  run: it is a run, which is left out if the last run is the same. */
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
        lock(fd, F_WRLCK, path);
        s = check_own(fd, e);
        if (s == CK_OK && (!run || !last_run_is(fd, text)))
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
    return add(out, ck_job_frame_text(frame), false, e);
}

ck_status ck_job_add_video(const char *out, const ck_job_video *video, ck_error *e)
{
    return add(out, ck_job_video_text(video), false, e);
}

ck_status ck_job_add_failure(const char *out, const ck_job_failure *failure, ck_error *e)
{
    return add(out, ck_job_failure_text(failure), false, e);
}

ck_status ck_job_add_command(const char *out, const char *command, const char *folder, const char *id, ck_error *e)
{
    return add(out, ck_job_command_text(command, folder, id), false, e);
}

ck_status ck_job_add_stopped(const char *out, const char *text, const char *id, ck_error *e)
{
    return add(out, ck_job_stopped_text(text, id), false, e);
}

ck_status ck_job_add_outliers(const char *out, const char *line, ck_error *e)
{
    return add(out, strdup(line), false, e);
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
