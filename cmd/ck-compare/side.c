#include "ck-compare/side.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/self.h"
#include "image/convert.h"

/* True for a regular file that starts as a stream. */
static bool is_stream(const char *path)
{
    char magic[4] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : pread(fd, magic, sizeof magic, 0);
    if (fd >= 0)
        close(fd);
    return n > 0 && ck_stream_starts(magic, (size_t)n);
}

/* Standard output of `ck-decode --hint PATH -- PATH`. */
static ck_status start_decoder(ck_side *s, ck_error *e)
{
    int ends[2];
    char *program = ck_self_program("ck-decode");
    if (!program)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a command line");
    if (pipe2(ends, O_CLOEXEC)) {
        free(program);
        return ck_fail_errno(e, "cannot make a pipe");
    }
    s->decoder = fork();
    if (s->decoder == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execlp(program, "ck-decode", "--hint", s->path, "--", s->path, (char *)NULL);
        ck_log_error("cannot start ck-decode: %s: install it beside ck-compare or in $PATH", strerror(errno));
        _exit(1);
    }
    free(program);
    close(ends[1]);
    s->fd = ends[0];
    if (s->decoder < 0) {
        s->decoder = 0;
        return ck_fail_errno(e, "cannot start ck-decode");
    }
    return CK_OK;
}

/* Clear the message if the decoder, or another upstream program, has reported the failure already. */
static ck_status failed(const ck_side *s, ck_status st, ck_error *e)
{
    if (st != CK_ERR_UPSTREAM || !ck_reader_said(s->reader))
        return ck_fail_in(e, st, s->path);
    *e->text = 0;
    return st;
}

ck_status ck_side_open(ck_side *s, const char *path, double timeout, ck_error *e)
{
    *s = (ck_side){.path = path, .fd = -1};
    ck_status st = CK_OK;
    if (!strcmp(path, "-"))
        s->fd = STDIN_FILENO;
    else if (!is_stream(path))
        st = start_decoder(s, e);
    else if ((s->fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        st = ck_fail_errno(e, "cannot open");
    if (st == CK_OK)
        st = ck_reader_open(s->fd, "ck-compare", timeout, &s->reader, e);
    return st == CK_OK ? st : failed(s, st, e);
}

/* True if the channels of a pixel differ visibly.  Chroma noise of a grey video does not count. */
static bool coloured(const ck_plane *p, float *rows)
{
    const float least = 0.1f;
    size_t w = (size_t)p->w, plane = w * (size_t)p->h;
    float *r = rows, *g = r + w, *b = g + w;
    for (size_t y = 0; y < (size_t)p->h; y++) {
        for (size_t c = 0; c < 3; c++)
            ck_to_f32((const char *)p->data + (c * plane + y * w) * p->elem, p->type, rows + c * w, w);
        for (size_t x = 0; x < w; x++)
            if (fabsf(r[x] - g[x]) > least || fabsf(g[x] - b[x]) > least || fabsf(b[x] - r[x]) > least)
                return true;
    }
    return false;
}

/* Report that a colour picture, likely the wrong file, was reduced to its luma. */
static ck_status check_colour(ck_side *s, ck_error *e)
{
    const ck_plane *rgb = ck_frame_plane(&s->frame, "rgb");
    const char *channel = ck_meta_get(&s->frame.meta, "hint-channel");
    if (!rgb || rgb->c != 3 || rgb->type == CK_OTHER || !channel || strcmp(channel, "luma") != 0)
        return CK_OK;
    ck_buffer *rows = ck_buffer_new(3 * (size_t)rgb->w * sizeof(float));
    if (!rows)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a row of the picture");
    if (coloured(rgb, rows->data))
        ck_log_notice("%s: a colour picture: its luma is taken as the matte; name a grey picture, or one with alpha",
                      s->path);
    ck_buffer_unref(rows);
    return CK_OK;
}

ck_status ck_side_next(ck_side *s, ck_error *e)
{
    ck_frame_free(&s->frame);
    ck_status st = ck_reader_next(s->reader, &s->frame, e);
    if (st == CK_END)
        return st;
    const char *error = st == CK_OK ? ck_frame_error(&s->frame) : NULL;
    if (error)
        st = ck_fail(e, CK_ERR_FORMAT, "frame %ld failed: %s", ck_frame_number(&s->frame), error);
    if (st == CK_OK && s->decoder && s->frame.seq == 0)
        st = check_colour(s, e);
    return st == CK_OK ? st : failed(s, st, e);
}

ck_status ck_side_plane(ck_side *s, const char *name, const char *const *usual, int c, int *h, int *w, ck_buffer **out,
                        ck_error *e)
{
    ck_plane *p;
    for (; !name && *usual; usual++)
        if (ck_frame_plane(&s->frame, *usual))
            name = *usual;
    if (!name)
        return ck_fail(e, CK_ERR_FORMAT, "%s: no matte found: name its plane with --plane or --truth-plane", s->path);
    ck_status st = ck_frame_need(&s->frame, name, c, 0, &p, e);
    if (st != CK_OK)
        return ck_fail_in(e, st, s->path);
    size_t n = (size_t)c * (size_t)p->h * (size_t)p->w;
    *out = ck_buffer_new(n * sizeof(float));
    if (!*out)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for plane '%s'", name);
    ck_to_f32(p->data, p->type, (*out)->data, n);
    *h = p->h;
    *w = p->w;
    return CK_OK;
}

void ck_side_close(ck_side *s)
{
    ck_frame_free(&s->frame);
    ck_reader_free(s->reader);
    if (s->fd > STDIN_FILENO)
        close(s->fd);
    if (s->decoder)
        waitpid(s->decoder, NULL, 0);
}
