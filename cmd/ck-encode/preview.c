#include "ck-encode/preview.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/self.h"

#define MOST 960    /* pixels on the longer side */
#define PATIENCE 10 /* tenths of a second */

struct ck_preview {
    char rate[32];
    int w, h, shrink; /* of the picture shown; 0 before the first one */
    int fd;           /* the player's standard input; -1 before the start */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t change;
    unsigned char *waiting, *spare; /* a picture to be shown; a buffer for the next one */
    bool busy, closed, ends;        /* the thread writes; the player is gone; no picture will follow */
};

static const char *player(void)
{
    return ck_self_on_path("ffplay") ? "ffplay" : ck_self_on_path("mpv") ? "mpv" : NULL;
}

ck_status ck_preview_check(ck_error *e)
{
    return player() ? CK_OK
                    : ck_fail(e, CK_ERR_ARGUMENT,
                              "--preview needs ffplay or mpv: install one (Debian: apt-get install ffmpeg)");
}

ck_status ck_preview_new(const char *rate, ck_frame *first, ck_preview **out, ck_error *e)
{
    if (!ck_frame_error(first) && !ck_frame_plane(first, "comp"))
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "--preview shows plane comp, which the stream does not have: add ck-post, or no "
                       "--comp off, upstream");
    ck_preview *p = calloc(1, sizeof *p);
    if (!p)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    snprintf(p->rate, sizeof p->rate, "%s", rate ? rate : "24/1");
    p->fd = -1;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->change, NULL);
    *out = p;
    return CK_OK;
}

static ck_status start_player(ck_preview *p, ck_error *e)
{
    char size[32], w[64], h[64], fps[80];
    snprintf(size, sizeof size, "%dx%d", p->w, p->h);
    snprintf(w, sizeof w, "--demuxer-rawvideo-w=%d", p->w);
    snprintf(h, sizeof h, "--demuxer-rawvideo-h=%d", p->h);
    snprintf(fps, sizeof fps, "--demuxer-rawvideo-fps=%.3f",
             atof(p->rate) / (strchr(p->rate, '/') ? atof(strchr(p->rate, '/') + 1) : 1));
    const char *const ffplay[] = {"ffplay",        "-v",    "error",       "-autoexit", "-f",         "rawvideo",
                                  "-pixel_format", "rgb24", "-video_size", size,        "-framerate", p->rate,
                                  "-window_title", "ck",    "-i",          "pipe:0",    NULL};
    const char *const mpv[] = {
        "mpv", "--really-quiet", "--demuxer=rawvideo", "--demuxer-rawvideo-mp-format=rgb24", w, h, fps, "-", NULL};
    int pipe_fd[2];
    pid_t pid;
    const char *name = player();
    if (!name)
        return ck_preview_check(e);
    if (pipe2(pipe_fd, O_CLOEXEC) || fcntl(pipe_fd[1], F_SETFL, O_NONBLOCK))
        return ck_fail_errno(e, "cannot make a pipe to %s", name);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, pipe_fd[0], STDIN_FILENO);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    const char *const *words = *name == 'f' ? ffplay : mpv;
    errno = posix_spawnp(&pid, name, &files, NULL, (char *const *)(uintptr_t)words, environ);
    posix_spawn_file_actions_destroy(&files);
    close(pipe_fd[0]);
    p->fd = pipe_fd[1];
    return errno ? ck_fail_errno(e, "cannot start %s", name) : CK_OK;
}

static bool ending(ck_preview *p)
{
    pthread_mutex_lock(&p->lock);
    bool ends = p->ends;
    pthread_mutex_unlock(&p->lock);
    return ends;
}

/* False if the player is gone, or still takes nothing PATIENCE after the run's end: it may be paused. */
static bool send(ck_preview *p, const unsigned char *data, size_t n)
{
    for (int waits = 0; n;) {
        ssize_t k = write(p->fd, data, n);
        if (k > 0) {
            data += k;
            n -= (size_t)k;
        } else if (k < 0 && errno == EAGAIN) {
            struct pollfd out = {.fd = p->fd, .events = POLLOUT};
            if (ending(p) && ++waits > PATIENCE)
                return false;
            (void)poll(&out, 1, 100);
        } else if (k < 0 && errno != EINTR) {
            return false;
        }
    }
    return true;
}

static void *show(void *ctx)
{
    ck_preview *p = ctx;
    size_t bytes = (size_t)p->w * (size_t)p->h * 3;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->waiting && !p->ends)
            pthread_cond_wait(&p->change, &p->lock);
        unsigned char *picture = p->waiting;
        if (!picture)
            break;
        p->waiting = NULL;
        p->busy = true;
        pthread_mutex_unlock(&p->lock);
        bool gone = !send(p, picture, bytes);
        pthread_mutex_lock(&p->lock);
        p->closed |= gone;
        p->busy = false;
        free(p->spare);
        p->spare = picture;
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* The mean of shrink x shrink samples. */
static void shrink(const ck_preview *p, const ck_plane *comp, unsigned char *to)
{
    const unsigned char *from = comp->data;
    unsigned area = (unsigned)(p->shrink * p->shrink);
    size_t rows = (size_t)comp->w, plane = rows * (size_t)comp->h;
    for (int y = 0; y < p->h; y++)
        for (int x = 0; x < p->w; x++)
            for (size_t c = 0; c < 3; c++) {
                const unsigned char *at =
                    from + c * plane + (size_t)y * (size_t)p->shrink * rows + (size_t)x * (size_t)p->shrink;
                unsigned sum = area / 2;
                for (int j = 0; j < p->shrink; j++)
                    for (int i = 0; i < p->shrink; i++)
                        sum += at[(size_t)j * rows + (size_t)i];
                *to++ = (unsigned char)(sum / area);
            }
}

static ck_status start(ck_preview *p, const ck_plane *comp, ck_error *e)
{
    int longer = comp->w > comp->h ? comp->w : comp->h;
    p->shrink = (longer + MOST - 1) / MOST;
    p->w = comp->w / p->shrink;
    p->h = comp->h / p->shrink;
    if (!p->w || !p->h)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "--preview: a picture of %d x %d is too narrow", comp->w, comp->h);
    ck_status s = start_player(p, e);
    if (s != CK_OK)
        return s;
    p->started = !pthread_create(&p->thread, NULL, show, p);
    return p->started ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "--preview: no thread");
}

ck_status ck_preview_frame(ck_preview *p, ck_frame *f, ck_error *e)
{
    const ck_plane *comp = ck_frame_plane(f, "comp");
    if (!comp || comp->c != 3 || comp->type != CK_U8)
        return CK_OK;
    ck_status s = p->started ? CK_OK : start(p, comp, e);
    if (s != CK_OK || comp->w / p->shrink != p->w || comp->h / p->shrink != p->h)
        return s;
    pthread_mutex_lock(&p->lock);
    bool wanted = !p->closed && !p->busy && !p->waiting;
    unsigned char *buffer = wanted ? p->spare : NULL;
    p->spare = wanted ? NULL : p->spare;
    pthread_mutex_unlock(&p->lock);
    if (!wanted)
        return CK_OK;
    if (!buffer)
        buffer = malloc((size_t)p->w * (size_t)p->h * 3);
    if (!buffer)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    shrink(p, comp, buffer);
    pthread_mutex_lock(&p->lock);
    p->waiting = buffer;
    pthread_cond_signal(&p->change);
    pthread_mutex_unlock(&p->lock);
    return CK_OK;
}

void ck_preview_free(ck_preview *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->ends = true;
    pthread_cond_signal(&p->change);
    pthread_mutex_unlock(&p->lock);
    if (p->started)
        pthread_join(p->thread, NULL);
    if (p->fd >= 0)
        close(p->fd);
    free(p->waiting);
    free(p->spare);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->change);
    free(p);
}
