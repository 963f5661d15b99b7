#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream/fdio.h"
#include "stream/stream.h"
#include "stream/wire.h"

struct ck_writer {
    int fd;
    double timeout;
    uint64_t count;
    bool broken; /* half a record may stand in the pipe: nothing can follow it */
};

static const char zeros[CK_ALIGN];

static ck_status send(ck_writer *w, struct iovec *iov, int n, ck_error *e)
{
    ck_error why = {{0}};
    ck_status s = ck_fd_writev(w->fd, iov, n, w->timeout, &why);
    if (s == CK_OK)
        return s;
    w->broken = true;
    return ck_fail(e, s, "standard output: %s", why.text);
}

/* A record of metadata and nothing else. */
static ck_status send_record(ck_writer *w, const char *kind, const ck_meta *m, ck_error *e)
{
    size_t n;
    char *text = ck_meta_format(m, &n);
    if (!text)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for metadata");
    ck_wire_record h = {.meta_bytes = (uint32_t)n, .number = w->count, .body_bytes = ck_pad(n)};
    memcpy(h.magic, CK_WIRE_MAGIC, 4);
    memcpy(h.kind, kind, 4);
    struct iovec iov[3] = {{&h, sizeof h}, {text, n}, {(void *)zeros, ck_pad(n) - n}};
    ck_status s =
        n > CK_WIRE_MAX_META
            ? ck_fail(e, CK_ERR_FORMAT, "%zu bytes of metadata are too many: the limit is %d", n, CK_WIRE_MAX_META)
            : send(w, iov, 3, e);
    free(text);
    return s;
}

ck_status ck_writer_open(int fd, double timeout, const ck_meta *head, ck_writer **out, ck_error *e)
{
    *out = NULL;
    if (isatty(fd))
        return ck_fail(e, CK_ERR_ARGUMENT,
                       "standard output is a terminal: pipe the stream on, as in ... | ck-encode OUT, or into a file");
    ck_writer *w = *out = calloc(1, sizeof *w);
    if (!w)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    w->fd = fd;
    w->timeout = timeout;
    ck_fd_widen(fd);
    return send_record(w, "HEAD", head, e);
}

static void fill_plane(ck_wire_plane *to, const ck_plane *p)
{
    memset(to, 0, sizeof *to);
    strncpy(to->name, p->name, sizeof to->name - 1);
    strncpy(to->type, p->type_name, sizeof to->type - 1);
    strncpy(to->encoding, p->encoding, sizeof to->encoding - 1);
    to->elem = p->elem;
    to->c = (uint32_t)p->c;
    to->h = (uint32_t)p->h;
    to->w = (uint32_t)p->w;
    to->bytes = p->bytes;
}

ck_status ck_writer_frame(ck_writer *w, const ck_frame *f, ck_error *e)
{
    ck_wire_plane planes[CK_MAX_PLANES];
    struct iovec iov[4 + 2 * CK_MAX_PLANES];
    size_t n;
    char *text = ck_meta_format(&f->meta, &n);
    if (!text)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for metadata");
    if (n > CK_WIRE_MAX_META) {
        free(text);
        return ck_fail(e, CK_ERR_FORMAT, "%zu bytes of metadata are too many: the limit is %d", n, CK_WIRE_MAX_META);
    }
    size_t plane_bytes = (size_t)f->n * sizeof *planes;
    ck_wire_record h = {
        .planes = (uint32_t)f->n, .meta_bytes = (uint32_t)n, .number = w->count, .body_bytes = ck_pad(n) + plane_bytes};
    memcpy(h.magic, CK_WIRE_MAGIC "FRAM", 8);
    int k = 0;
    iov[k++] = (struct iovec){&h, sizeof h};
    iov[k++] = (struct iovec){text, n};
    iov[k++] = (struct iovec){(void *)zeros, ck_pad(n) - n};
    iov[k++] = (struct iovec){planes, plane_bytes};
    for (int i = 0; i < f->n; i++) {
        const ck_plane *p = &f->planes[i];
        fill_plane(&planes[i], p);
        iov[k++] = (struct iovec){p->data, p->bytes};
        iov[k++] = (struct iovec){(void *)zeros, ck_pad(p->bytes) - p->bytes};
        h.body_bytes += ck_pad(p->bytes);
    }
    ck_status s = send(w, iov, k, e);
    free(text);
    w->count += s == CK_OK;
    return s;
}

ck_status ck_writer_end(ck_writer *w, ck_error *e)
{
    ck_meta none = {0};
    return send_record(w, "END ", &none, e);
}

void ck_writer_abort(ck_writer *w, const char *origin, const char *text)
{
    ck_meta m = {0};
    if (!w->broken && ck_meta_set(&m, "origin", origin, NULL) == CK_OK && ck_meta_set(&m, "text", text, NULL) == CK_OK)
        send_record(w, "ABRT", &m, NULL);
    ck_meta_free(&m);
}

void ck_writer_free(ck_writer *w)
{
    free(w);
}
