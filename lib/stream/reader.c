#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "stream/fdio.h"
#include "stream/lease.h"
#include "stream/rings.h"
#include "stream/stream.h"
#include "stream/tail.h"
#include "stream/wire.h"

struct ck_reader {
    int fd, cancel;
    double timeout;
    ck_meta head;
    atomic_ullong count;      /* frames read; other threads read it too */
    pthread_mutex_t lock;     /* protects victim, reason and said */
    pthread_mutex_t busy;     /* held while a record is read: between records others may inspect the pipe */
    bool ended, over, inside; /* END was read; a call has returned no frame; inside a record.  All under `busy` */
    bool said;
    ck_rings rings; /* attached; empty: all planes come inline */
    ck_error why_inline;
    char self[64], victim[160]; /* victim: "" until a failure */
    char reason[1024];
};

const char *ck_reader_inline_view(const ck_reader *r)
{
    return r->why_inline.text;
}
const ck_rings *ck_reader_rings_view(const ck_reader *r)
{
    return &r->rings;
}

const ck_meta *ck_reader_head_view(const ck_reader *r)
{
    return &r->head;
}
const char *ck_reader_victim_view(const ck_reader *r)
{
    return r->victim;
}
const char *ck_reader_reason_view(const ck_reader *r)
{
    return r->reason;
}

bool ck_reader_said(const ck_reader *r)
{
    return r->said;
}

void ck_reader_cancel(ck_reader *r)
{
    uint64_t one = 1;
    (void)!write(r->cancel, &one, sizeof one);
}

/* Fail with CK_ERR_UPSTREAM.  The first caller's victim and reason stay: the reading thread or the one that looks
 * ahead. */
static ck_status blame(ck_reader *r, const char *victim, const char *reason, bool said, ck_error *e)
{
    pthread_mutex_lock(&r->lock);
    if (!*r->victim) {
        snprintf(r->victim, sizeof r->victim, "%s", victim);
        snprintf(r->reason, sizeof r->reason, "%s", reason);
        r->said = said;
    }
    pthread_mutex_unlock(&r->lock);
    return ck_fail(e, CK_ERR_UPSTREAM, "%s: %s", r->victim, r->reason);
}

/* Name the program whose stream is cut.  If its pipe was full, it could not pass on the failure of a program further
 * upstream, so " or a program upstream of it" is added.  Not with a ring, whose control page has the name, and not if
 * only HEAD was in the pipe, which then had room. */
static void suspect(const ck_reader *r, bool clean, char *victim, size_t n)
{
    const char *before = getenv(CK_UPSTREAM);
    int programs = ck_head_last_program(&r->head, victim, n);
    if (!programs && before && *before)
        snprintf(victim, n, "%s", before);
    else if (!programs)
        snprintf(victim, n, "the program upstream of %s", r->self);
    if (programs < 2 || r->rings.n || (clean && !r->count))
        return;
    size_t k = strlen(victim);
    snprintf(victim + k, n - k, " or a program upstream of it");
}

/* clean: the cut is between two records. */
static ck_status cut_pipe(ck_reader *r, bool clean, ck_error *e)
{
    char victim[sizeof r->victim], reason[sizeof r->reason];
    suspect(r, clean, victim, sizeof victim);
    if (r->head.n)
        snprintf(reason, sizeof reason,
                 "failed or was killed: its stream ends after %llu frames without END: see its own message", r->count);
    else
        snprintf(reason, sizeof reason, "failed or was killed before it sent anything: see its own message");
    return blame(r, victim, reason, getenv(CK_UPSTREAM) != NULL, e);
}

static ck_status cut_file(ck_reader *r, ck_error *e)
{
    char victim[sizeof r->victim], reason[sizeof r->reason];
    if (!ck_head_last_program(&r->head, victim, sizeof victim))
        snprintf(victim, sizeof victim, "standard input");
    if (r->head.n)
        snprintf(reason, sizeof reason,
                 "the file ends after %llu frames without END: it is truncated, or the program failed", r->count);
    else
        snprintf(reason, sizeof reason, "the file is truncated in its HEAD");
    return blame(r, victim, reason, false, e);
}

static bool from_file(const ck_reader *r)
{
    struct stat what;
    return !fstat(r->fd, &what) && S_ISREG(what.st_mode);
}

/* The stream is cut.  Blame the failure left in the ring if there is one, else the upstream program. */
static ck_status broken(ck_reader *r, bool clean, ck_error *e)
{
    char victim[sizeof r->victim], reason[sizeof r->reason];
    bool said;
    if (r->rings.n &&
        ck_ring_failure(r->rings.ring[r->rings.n - 1], victim, sizeof victim, reason, sizeof reason, &said))
        return blame(r, victim, reason, said, e);
    return from_file(r) ? cut_file(r, e) : cut_pipe(r, clean, e);
}

/* "" if it is no pipe. */
static void pipe_name(int fd, char *buf, size_t n)
{
    struct stat what;
    *buf = 0;
    if (!fstat(fd, &what) && S_ISFIFO(what.st_mode))
        snprintf(buf, n, "%llu", (unsigned long long)what.st_ino);
}

ck_status ck_stream_set_said(ck_meta *m, int fd, ck_error *e)
{
    char name[24];
    pipe_name(fd, name, sizeof name);
    return ck_meta_set(m, "said", *name ? name : NULL, e);
}

static bool said_here(const ck_reader *r, const ck_meta *m)
{
    char name[24];
    const char *value = ck_meta_get(m, "said");
    pipe_name(r->fd, name, sizeof name);
    return value && *name && !strcmp(value, name);
}

static ck_status aborted(ck_reader *r, const ck_meta *m, ck_error *e)
{
    const char *origin = ck_meta_get(m, "origin"), *text = ck_meta_get(m, "text");
    return blame(r, origin ? origin : "a program upstream", text ? text : "failed without a reason", said_here(r, m),
                 e);
}

ck_status ck_reader_peek_end(ck_reader *r, ck_error *e)
{
    ck_meta why = {0};
    /* The writer is gone, so no holder of `busy` waits for long. */
    pthread_mutex_lock(&r->busy);
    ck_tail t = r->over ? CK_TAIL_END : ck_tail_look(r->fd, &why);
    ck_status s = t == CK_TAIL_ABORT                       ? aborted(r, &why, e)
                  : t == CK_TAIL_CUT || t == CK_TAIL_EMPTY ? broken(r, t == CK_TAIL_EMPTY, e)
                                                           : CK_OK;
    pthread_mutex_unlock(&r->busy);
    ck_meta_free(&why);
    return s;
}

static ck_status read_all(ck_reader *r, void *buf, size_t n, ck_error *e)
{
    ck_status s;
    long got = ck_fd_read(r->fd, buf, n, r->timeout, r->cancel, &s, e);
    if (got < 0)
        return ck_fail_in(e, s, "standard input");
    return (size_t)got == n ? CK_OK : broken(r, !got && !r->inside, e);
}

static bool is_zero(const void *p, size_t n)
{
    const unsigned char *b = p;
    while (n && !*b) {
        b++;
        n--;
    }
    return n == 0;
}

__attribute__((format(printf, 3, 4))) static ck_status malformed(ck_reader *r, ck_error *e, const char *format, ...)
{
    char what[300];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (!r->head.n)
        return ck_fail(e, CK_ERR_FORMAT,
                       "standard input, before the first frame: %s: not a ck-frame(5) stream; for footage use "
                       "ck-decode FILE | ...",
                       what);
    if (!r->count)
        return ck_fail(e, CK_ERR_FORMAT,
                       "standard input, in the first frame: %s: the program that wrote it breaks ck-frame(5)", what);
    return ck_fail(e, CK_ERR_FORMAT, "standard input, after frame %lld: %s: the ck-frame(5) stream is damaged",
                   (long long)r->count - 1, what);
}

/* A reader of this project holds a lock on its end of the pipe; both ends share the lock. */
bool ck_stream_read_by_us(int fd)
{
    bool locked = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!locked)
        (void)flock(fd, LOCK_UN);
    return locked;
}

bool ck_stream_starts(const void *data, size_t n)
{
    return n >= sizeof CK_WIRE_MAGIC - 1 && !memcmp(data, CK_WIRE_MAGIC, sizeof CK_WIRE_MAGIC - 1);
}

static ck_status check_record(ck_reader *r, const ck_wire_record *h, ck_error *e)
{
    if (!ck_stream_starts(h, sizeof *h))
        return malformed(r, e, "a record does not start with \"" CK_WIRE_MAGIC "\"");
    if (h->body_bytes % CK_ALIGN || !is_zero(h->zero, sizeof h->zero))
        return malformed(r, e, "a record header has an odd size or reserved bytes that are not zero");
    if (h->meta_bytes > CK_WIRE_MAX_META || ck_pad(h->meta_bytes) > h->body_bytes)
        return malformed(r, e, "invalid size of metadata");
    if (!memcmp(h->kind, "HEAD", 4) && h->number)
        return malformed(r, e, "HEAD has a number");
    bool frame = !memcmp(h->kind, "FRAM", 4), ring = !memcmp(h->kind, "RING", 4);
    if (h->planes > (frame ? CK_MAX_PLANES : 0))
        return malformed(r, e, "invalid number of planes");
    if (!frame && !ring && h->body_bytes != ck_pad(h->meta_bytes))
        return malformed(r, e, "the size of a record does not match its contents");
    return CK_OK;
}

static ck_status read_record(ck_reader *r, ck_wire_record *h, ck_error *e)
{
    r->inside = false;
    ck_status s = read_all(r, h, sizeof *h, e);
    r->inside = true;
    return s == CK_OK ? check_record(r, h, e) : s;
}

/* Read n bytes of metadata and their padding, which must be zero. */
static ck_status read_meta(ck_reader *r, size_t n, ck_meta *m, ck_error *e)
{
    _Static_assert(CK_WIRE_MAX_META % CK_ALIGN == 0, "n and its padding fit");
    char text[CK_WIRE_MAX_META];
    ck_status s = read_all(r, text, ck_pad(n), e);
    if (s != CK_OK)
        return s;
    if (!is_zero(text + n, ck_pad(n) - n))
        return malformed(r, e, "padding is not zero");
    ck_error why = {{0}};
    s = ck_meta_parse(m, text, n, &why);
    return s == CK_ERR_FORMAT ? malformed(r, e, "%s", why.text) : s == CK_OK ? s : ck_fail(e, s, "%s", why.text);
}

static ck_status skip(ck_reader *r, uint64_t n, ck_error *e)
{
    char scrap[4096];
    while (n) {
        size_t k = n < sizeof scrap ? (size_t)n : sizeof scrap;
        ck_status s = read_all(r, scrap, k, e);
        if (s != CK_OK)
            return s;
        n -= k;
    }
    return CK_OK;
}

/* Read a RING record and attach.  Without success the frames come inline. */
static ck_status read_ring(ck_reader *r, const ck_wire_record *h, ck_error *e)
{
    ck_rings_body body;
    uint64_t n = h->body_bytes;
    if (n > CK_WIRE_MAX_SKIP)
        return malformed(r, e, "a RING record is too long");
    if (n > sizeof body || h->meta_bytes || r->rings.n || !ck_ring_wanted())
        return skip(r, n, e);
    ck_status s = read_all(r, &body, (size_t)n, e);
    if (s == CK_OK)
        ck_rings_attach(&r->rings, r->fd, &body, (size_t)n, &r->why_inline);
    return s;
}

static bool good_name(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    return len < n && ck_name_valid(s, len) && is_zero(s + len, n - len);
}

static bool good_tag(const char *s, size_t n)
{
    return !*s ? is_zero(s, n) : good_name(s, n);
}

static ck_type type_of(const char *name)
{
    for (ck_type t = CK_U8; t <= CK_F32; t++)
        if (!strcmp(name, ck_type_name(t)))
            return t;
    return CK_OTHER;
}

/* The lease that f already holds on the slot, or NULL.  The frame brought one reference per slot: the first plane in
 * the slot takes it over. */
static ck_lease *lease_of_slot(const ck_frame *f, ck_ring *ring, int slot)
{
    for (int i = 0; i < f->n; i++) {
        ck_lease *l = ck_lease_of(f->planes[i].buf);
        if (l && ck_lease_ring(l) == ring && ck_lease_slot(l) == slot)
            return l;
    }
    return NULL;
}

static ck_status refer(ck_reader *r, ck_frame *f, ck_plane *to, const ck_wire_plane *p, ck_error *e)
{
    if (p->ring >= (uint32_t)r->rings.n)
        return malformed(r, e, "the data of plane '%s' are in a ring that is not attached", to->name);
    ck_ring *ring = r->rings.ring[p->ring];
    const ck_ring_id *id = ck_ring_id_view(ring);
    uint64_t end;
    if (p->slot >= id->slots || p->offset % CK_ALIGN || !ck_add(p->offset, ck_pad(to->bytes), &end) ||
        end > id->slot_bytes)
        return malformed(r, e, "the data of plane '%s' are outside their ring", to->name);
    int slot = (int)p->slot;
    if (!ck_ring_holds(ring, slot, p->gen))
        return malformed(r, e, "the slot of plane '%s' has been given back", to->name);
    ck_lease *held = lease_of_slot(f, ring, slot), *l = held ? held : ck_lease_new(ring, slot);
    to->buf = l ? ck_lease_view(l, p->offset, ck_pad(to->bytes)) : NULL;
    if (!held)
        ck_lease_unref(l);
    if (!to->buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for plane '%s'", to->name);
    to->data = to->buf->data;
    return CK_OK;
}

/* Check the texts of a plane header.  The name may be the bad one: then the plane's place names it. */
static ck_status check_texts(ck_reader *r, const ck_frame *f, const ck_wire_plane *p, ck_error *e)
{
    static const char rule[] = "use a-z 0-9 _ . -, and zero bytes to the end";
    if (!good_name(p->name, sizeof p->name))
        return malformed(r, e, "plane %d: its name is invalid, %s", f->n + 1, rule);
    if (!good_name(p->type, sizeof p->type))
        return malformed(r, e, "plane '%s': its type is invalid, %s", p->name, rule);
    if (!good_tag(p->encoding, sizeof p->encoding))
        return malformed(r, e, "plane '%s': its encoding is invalid, %s", p->name, rule);
    return CK_OK;
}

/* Check a plane header and add its plane.  *padded grows by the bytes that its inline data take. */
static ck_status take_plane(ck_reader *r, ck_frame *f, const ck_wire_plane *p, uint64_t *padded, ck_error *e)
{
    ck_status s = check_texts(r, f, p, e);
    if (s != CK_OK)
        return s;
    ck_type type = type_of(p->type);
    size_t bytes;
    if (!p->c || !p->h || !p->w || p->c > CK_MAX_CHANNELS || p->h > CK_MAX_SIDE || p->w > CK_MAX_SIDE || !p->elem ||
        p->elem > 64 || !ck_mul((size_t)p->c * p->h, p->w, &bytes) || !ck_mul(bytes, p->elem, &bytes) ||
        bytes > CK_WIRE_MAX_PLANE || bytes != p->bytes || (type && p->elem != ck_type_size(type)))
        return malformed(r, e, "plane '%s' of %u channels, %u x %u: invalid size", p->name, p->c, p->w, p->h);
    bool shared = p->storage == CK_WIRE_RING;
    if (p->zero1 || p->zero2 || (!shared && (p->storage || p->ring || p->slot || p->gen || p->offset)))
        return malformed(r, e, "plane '%s': reserved bytes of its header are not zero", p->name);
    if (ck_frame_plane(f, p->name))
        return malformed(r, e, "plane '%s' appears twice in the frame", p->name);
    ck_plane *to = &f->planes[f->n];
    *to = (ck_plane){.type = type, .elem = p->elem, .c = (int)p->c, .h = (int)p->h, .w = (int)p->w, .bytes = bytes};
    memcpy(to->name, p->name, sizeof to->name);
    memcpy(to->type_name, p->type, sizeof to->type_name);
    memcpy(to->encoding, p->encoding, sizeof to->encoding);
    s = shared ? refer(r, f, to, p, e) : CK_OK;
    f->n++; /* an inline plane's buf is NULL until its data are read */
    *padded += shared ? 0 : ck_pad(bytes);
    return s;
}

/* True if upstream has a ring for its planes: only the first frame's come inline. */
static bool by_reference(const ck_reader *r)
{
    return r->rings.n && ck_ring_id_view(r->rings.ring[r->rings.n - 1])->slots;
}

static ck_status read_plane_data(ck_reader *r, ck_frame *f, ck_plane *p, ck_error *e)
{
    p->buf = ck_frame_buffer(f, p->bytes);
    if (!p->buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for plane '%s' of %zu bytes", p->name, p->bytes);
    p->data = p->buf->data; /* buffers are padded as the stream is */
    p->buf->once = by_reference(r);
    ck_status s = read_all(r, p->buf->data, ck_pad(p->bytes), e);
    if (s == CK_OK && !is_zero((const char *)p->data + p->bytes, ck_pad(p->bytes) - p->bytes))
        return malformed(r, e, "plane '%s': padding is not zero", p->name);
    return s;
}

static ck_status read_frame(ck_reader *r, const ck_wire_record *h, ck_frame *f, ck_error *e)
{
    if (h->number != r->count)
        return malformed(r, e, "frame numbers do not follow each other");
    f->seq = h->number;
    ck_status s = read_meta(r, h->meta_bytes, &f->meta, e);
    if (s != CK_OK)
        return s;
    ck_wire_plane planes[CK_MAX_PLANES];
    s = read_all(r, planes, h->planes * sizeof *planes, e);
    uint64_t body = ck_pad(h->meta_bytes) + h->planes * sizeof *planes;
    for (uint32_t i = 0; i < h->planes && s == CK_OK; i++)
        s = take_plane(r, f, &planes[i], &body, e);
    if (s == CK_OK && body != h->body_bytes)
        return malformed(r, e, "the size of a frame does not match its planes");
    if (s == CK_OK && f->n && ck_frame_error(f))
        return malformed(r, e, "an error frame has planes");
    for (int i = 0; i < f->n && s == CK_OK; i++)
        if (!f->planes[i].buf)
            s = read_plane_data(r, f, &f->planes[i], e);
    if (s == CK_OK)
        r->count++;
    return s;
}

static ck_status read_end(ck_reader *r, const ck_wire_record *h, ck_error *e)
{
    if (h->number != r->count)
        return malformed(r, e, "END's count of frames is wrong");
    ck_meta none = {0};
    ck_status s = read_meta(r, h->meta_bytes, &none, e);
    ck_meta_free(&none);
    if (s != CK_OK)
        return s;
    char more;
    long n = ck_fd_read(r->fd, &more, 1, r->timeout, r->cancel, &s, e);
    if (n < 0)
        return ck_fail_in(e, s, "standard input");
    if (n > 0)
        return malformed(r, e, "data after END: streams cannot be joined by cat");
    r->ended = true;
    return CK_END;
}

static ck_status read_abort(ck_reader *r, const ck_wire_record *h, ck_error *e)
{
    ck_meta m = {0};
    ck_status s = read_meta(r, h->meta_bytes, &m, e);
    if (s == CK_OK)
        s = aborted(r, &m, e);
    ck_meta_free(&m);
    return s;
}

static ck_status next(ck_reader *r, ck_frame *f, ck_error *e)
{
    if (r->ended)
        return CK_END;
    for (;;) {
        ck_wire_record h;
        ck_status s = read_record(r, &h, e);
        if (s != CK_OK)
            return s;
        if (!memcmp(h.kind, "FRAM", 4)) {
            s = read_frame(r, &h, f, e);
            if (s != CK_OK)
                ck_frame_free(f);
            return s;
        }
        if (!memcmp(h.kind, "END ", 4))
            return read_end(r, &h, e);
        if (!memcmp(h.kind, "ABRT", 4))
            return read_abort(r, &h, e);
        if (memcmp(h.kind, "RING", 4) || r->count)
            return malformed(r, e, "an unknown or misplaced record");
        s = read_ring(r, &h, e);
        if (s != CK_OK)
            return s;
    }
}

ck_status ck_reader_next(ck_reader *r, ck_frame *f, ck_error *e)
{
    pthread_mutex_lock(&r->busy);
    ck_status s = next(r, f, e);
    if (s == CK_OK && ck_frame_error(f) && !said_here(r, &f->meta))
        s = ck_meta_set(&f->meta, "said", NULL, e);
    r->over |= s != CK_OK;
    pthread_mutex_unlock(&r->busy);
    return s;
}

static ck_status read_head(ck_reader *r, ck_error *e)
{
    ck_wire_record h;
    ck_status s = read_record(r, &h, e);
    if (s != CK_OK)
        return s;
    if (memcmp(h.kind, "HEAD", 4))
        return malformed(r, e, "it does not start with HEAD");
    return read_meta(r, h.meta_bytes, &r->head, e);
}

/* True for /dev/null and empty files, which no upstream program has cut.  Not for a closed standard input, whose place
 * ck_stdio_guard fills with a /dev/null that cannot be read. */
static bool empty(int fd)
{
    struct stat what;
    if (fstat(fd, &what) || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
        return false;
    return S_ISREG(what.st_mode) ? !what.st_size : S_ISCHR(what.st_mode) && what.st_rdev == makedev(1, 3);
}

ck_status ck_reader_open(int fd, const char *self, double timeout, ck_reader **out, ck_error *e)
{
    ck_reader *r = *out = calloc(1, sizeof *r);
    if (!r)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    r->fd = fd;
    r->timeout = timeout;
    pthread_mutex_init(&r->lock, NULL);
    pthread_mutex_init(&r->busy, NULL);
    snprintf(r->self, sizeof r->self, "%s", self);
    r->cancel = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->cancel < 0)
        return ck_fail_errno(e, "cannot make an eventfd");
    if (isatty(fd))
        return ck_fail(e, CK_ERR_ARGUMENT, "standard input is a terminal: pipe a stream in, as in ck-decode FILE | %s",
                       self);
    if (empty(fd))
        return ck_fail(e, CK_ERR_FORMAT,
                       "standard input is empty (/dev/null or an empty file): pipe a stream in, as in "
                       "ck-decode FILE | %s",
                       self);
    ck_fd_widen(fd);
    struct stat what;
    if (!fstat(fd, &what) && S_ISFIFO(what.st_mode))
        (void)flock(fd, LOCK_SH | LOCK_NB); /* seen by ck_stream_read_by_us */
    return read_head(r, e);
}

void ck_reader_free(ck_reader *r)
{
    if (!r)
        return;
    if (r->cancel >= 0)
        close(r->cancel);
    pthread_mutex_destroy(&r->lock);
    pthread_mutex_destroy(&r->busy);
    ck_rings_free(&r->rings);
    ck_meta_free(&r->head);
    free(r);
}
