#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/option.h"
#include "base/cores.h"
#include "stream/fdio.h"
#include "stream/lease.h"
#include "stream/rings.h"
#include "stream/stream.h"
#include "stream/wire.h"

/* Slots of a ring: one per core, on which a frame may be worked on, and some for frames that wait: 4, of a 4K plate 2,
 * of the outputs of a 4K frame 1.  More would only let a fast stage run ahead of a slow one, and every slot costs its
 * page faults, in each program that maps it. */
#define MIDDLE ((size_t)16 << 20) /* bytes */
#define LARGE ((size_t)128 << 20)
#define WAITING(bytes) ((bytes) < MIDDLE ? 4 : (bytes) < LARGE ? 2 : 1)
/* Milliseconds that a first frame of MIDDLE and more waits for its reader to attach.  A reader of this project attaches
 * as soon as RING is in the pipe.  The frame's way through the pipe takes longer. */
#define ATTACH_PATIENCE 100
/* Seconds that an ABORT waits for a record being written, and for room in the pipe. */
#define ABORT_PATIENCE 0.2

struct ck_writer {
    int fd;
    double timeout;
    pthread_mutex_t sending; /* one record at a time, also when another thread aborts */
    uint64_t count;
    bool broken; /* the stream has ended, or half a record is in the pipe: nothing can follow */

    bool share; /* shared memory is requested, and has not failed */
    size_t ring_bytes;
    ck_rings rings; /* as in our RING record, our own last; empty: all planes are sent inline */
    ck_error why_inline;
    atomic_bool offered;     /* RING is written: rings no longer change */
    atomic_bool failure_set; /* two threads may notice the failure */

    pthread_mutex_t gate; /* protects begun and cancelled */
    pthread_cond_t begun_or_cancelled;
    bool begun, cancelled; /* begun: the first frame has been written */
};

static const char zeros[CK_ALIGN];

static ck_status send(ck_writer *w, struct iovec *iov, int n, ck_error *e)
{
    if (w->broken)
        return ck_fail(e, CK_ERR_CLOSED, "standard output: the stream has ended already");
    ck_error why = {{0}};
    ck_status s = ck_fd_writev(w->fd, iov, n, w->timeout, &why);
    if (s == CK_OK)
        return s;
    w->broken = true;
    return ck_fail(e, s, "standard output: %s", why.text);
}

/* Send a record of metadata only. */
static ck_status send_record(ck_writer *w, const char *kind, const ck_meta *m, ck_error *e)
{
    size_t n;
    char *text = ck_meta_format(m, &n);
    if (!text)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for metadata");
    ck_wire_record h = {.meta_bytes = (uint32_t)n, .number = w->count, .body_bytes = ck_pad(n)};
    memcpy(h.magic, CK_WIRE_MAGIC, 4);
    memcpy(h.kind, kind, 4);
    struct iovec iov[3] = {ck_iovec(&h, sizeof h), ck_iovec(text, n), ck_iovec(zeros, ck_pad(n) - n)};
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
    pthread_mutex_init(&w->sending, NULL);
    pthread_mutex_init(&w->gate, NULL);
    pthread_cond_init(&w->begun_or_cancelled, NULL);
    ck_fd_widen(fd);
    return send_record(w, "HEAD", head, e);
}

void ck_writer_share(ck_writer *w, const ck_reader *from, size_t ring_bytes)
{
    struct stat st;
    w->share = ring_bytes && ck_ring_wanted() && fstat(w->fd, &st) == 0 && S_ISFIFO(st.st_mode);
    w->ring_bytes = ring_bytes;
    const ck_rings *before = from ? ck_reader_rings_view(from) : NULL;
    for (int i = 0; w->share && before && i < before->n; i++)
        w->rings.ring[w->rings.n++] = ck_ring_ref(before->ring[i]);
}

/* Number of slots of the first frame's size that fit.  Below two: 0, with the reason in why_inline. */
static int count_slots(ck_writer *w, size_t slot_bytes)
{
    size_t most = w->ring_bytes == CK_RING_AUTO ? ck_memory_available() / 4 : w->ring_bytes;
    size_t n = slot_bytes ? most / slot_bytes : 0, enough = (size_t)(ck_cores() + WAITING(slot_bytes));
    if (slot_bytes && n < 2)
        ck_fail(&w->why_inline, CK_ERR_MEMORY,
                "a ring of %.1f MB holds fewer than two frames of %.1f MB: raise --ring-bytes", (double)most * 1e-6,
                (double)slot_bytes * 1e-6);
    n = n < 2 ? 0 : n < enough ? n : enough;
    return n < CK_RING_MAX_SLOTS ? (int)n : CK_RING_MAX_SLOTS;
}

/* Make our own ring, even without slots: in it the reader confirms that it follows references to upstream rings, and we
 * leave the reason for an early end if the pipe is full. */
static bool make_ring(ck_writer *w, const ck_frame *first)
{
    size_t slot_bytes = (first->asked + CK_RING_PAGE - 1) & ~(size_t)(CK_RING_PAGE - 1);
    int slots = count_slots(w, slot_bytes);
    if (w->rings.n == CK_RINGS_MAX) {
        ck_fail(&w->why_inline, CK_ERR_UNSUPPORTED, "%d upstream programs share memory, which is the limit",
                CK_RINGS_MAX);
        return false;
    }
    if (ck_ring_new(slots, slots ? slot_bytes : 0, &w->rings.ring[w->rings.n], &w->why_inline) != CK_OK)
        return false;
    w->rings.n++;
    return true;
}

/* Send RING before the first frame. */
static ck_status offer(ck_writer *w, const ck_frame *first, ck_error *e)
{
    if (!w->share)
        return CK_OK;
    ck_rings_body body;
    size_t n = make_ring(w, first) ? ck_rings_offer(&w->rings, w->fd, &body) : 0;
    if (!n) {
        ck_rings_free(&w->rings);
        return CK_OK;
    }
    ck_wire_record h = {.body_bytes = n};
    memcpy(h.magic, CK_WIRE_MAGIC "RING", 8);
    struct iovec iov[2] = {{&h, sizeof h}, {&body, n}};
    ck_status s = send(w, iov, 2, e);
    atomic_store(&w->offered, s == CK_OK);
    return s;
}

/* True once the reader follows references. */
static bool attached(const ck_writer *w)
{
    return w->rings.n && ck_ring_attached(w->rings.ring[w->rings.n - 1]);
}

ck_status ck_writer_take_slot(ck_writer *w, ck_frame *f, ck_error *e)
{
    if (!w->share)
        return CK_OK;
    pthread_mutex_lock(&w->gate);
    while (!w->begun && !w->cancelled)
        pthread_cond_wait(&w->begun_or_cancelled, &w->gate);
    bool cancelled = w->cancelled;
    pthread_mutex_unlock(&w->gate);
    if (cancelled)
        return ck_fail(e, CK_ERR_CLOSED, "cancelled");
    ck_ring *own = attached(w) ? w->rings.ring[w->rings.n - 1] : NULL;
    if (!own || !ck_ring_id_view(own)->slots)
        return CK_OK;
    int slot;
    ck_status s = ck_ring_take(own, w->timeout, &slot, e);
    if (s == CK_OK && !(f->lease = ck_lease_new(own, slot)))
        s = ck_fail(e, CK_ERR_MEMORY, "out of memory");
    return s;
}

void ck_writer_cancel(ck_writer *w)
{
    pthread_mutex_lock(&w->gate);
    w->cancelled = true;
    pthread_cond_broadcast(&w->begun_or_cancelled);
    if (w->begun && w->rings.n)
        ck_ring_cancel(w->rings.ring[w->rings.n - 1]);
    pthread_mutex_unlock(&w->gate);
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

/* Fill in the plane's place in shared memory; false if it must go inline. */
static bool refer(const ck_writer *w, const ck_plane *p, ck_wire_plane *to)
{
    const ck_lease *l = ck_lease_of(p->buf);
    int ring = l ? ck_rings_index(&w->rings, ck_lease_ring(l)) : -1;
    if (ring < 0)
        return false;
    int slot = ck_lease_slot(l);
    to->storage = CK_WIRE_RING;
    to->ring = (uint32_t)ring;
    to->slot = (uint32_t)slot;
    to->gen = ck_ring_generation(ck_lease_ring(l), slot);
    to->offset = (uint64_t)((const unsigned char *)p->data - ck_ring_slot(ck_lease_ring(l), slot));
    return true;
}

/* Give the reader one reference to every slot that the frame mentions. */
static void hand_over(const ck_writer *w, const ck_wire_plane *planes, int n)
{
    for (int i = 0; i < n; i++) {
        bool again = planes[i].storage != CK_WIRE_RING;
        for (int j = 0; j < i && !again; j++)
            again = planes[j].storage == CK_WIRE_RING && planes[j].ring == planes[i].ring &&
                    planes[j].slot == planes[i].slot;
        if (!again)
            ck_ring_keep(w->rings.ring[planes[i].ring], (int)planes[i].slot);
    }
}

static ck_status send_frame(ck_writer *w, const ck_frame *f, const char *text, size_t n, ck_error *e)
{
    ck_wire_plane planes[CK_MAX_PLANES];
    struct iovec iov[4 + 2 * CK_MAX_PLANES];
    size_t plane_bytes = (size_t)f->n * sizeof *planes;
    ck_wire_record h = {
        .planes = (uint32_t)f->n, .meta_bytes = (uint32_t)n, .number = w->count, .body_bytes = ck_pad(n) + plane_bytes};
    memcpy(h.magic, CK_WIRE_MAGIC "FRAM", 8);
    int k = 0;
    iov[k++] = ck_iovec(&h, sizeof h);
    iov[k++] = ck_iovec(text, n);
    iov[k++] = ck_iovec(zeros, ck_pad(n) - n);
    iov[k++] = ck_iovec(planes, plane_bytes);
    bool by_reference = attached(w);
    for (int i = 0; i < f->n; i++) {
        const ck_plane *p = &f->planes[i];
        fill_plane(&planes[i], p);
        if (by_reference && refer(w, p, &planes[i]))
            continue;
        iov[k++] = ck_iovec(p->data, p->bytes);
        iov[k++] = ck_iovec(zeros, ck_pad(p->bytes) - p->bytes);
        h.body_bytes += ck_pad(p->bytes);
    }
    hand_over(w, planes, f->n);
    return send(w, iov, k, e);
}

/* Wait for the reader to attach, if that is worth it. */
static bool attaches(const ck_writer *w, const ck_frame *f)
{
    size_t bytes = 0;
    for (int i = 0; i < f->n; i++)
        bytes += f->planes[i].bytes;
    if (bytes < MIDDLE || !w->rings.n)
        return false;
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; i < ATTACH_PATIENCE && !attached(w); i++)
        nanosleep(&pause, NULL);
    return attached(w);
}

/* Copy plane i of f into the slot, if there is room.  Planes that share data share the copy. */
static void copy_plane(const ck_frame *f, int i, ck_frame *to, ck_lease *l)
{
    const ck_plane *p = &f->planes[i];
    bool done = to->planes[i].buf != p->buf;
    ck_buffer *b = done || ck_lease_of(p->buf) || p->bytes < CK_LEASE_LEAST ? NULL : ck_lease_take(l, p->bytes);
    if (!b)
        return;
    memcpy(b->data, p->data, p->bytes);
    for (int k = i; k < f->n; k++)
        if (f->planes[k].data == p->data && f->planes[k].bytes == p->bytes) {
            to->planes[k].buf = ck_buffer_ref(b);
            to->planes[k].data = b->data;
        }
    ck_buffer_unref(b);
}

/* The first frame's planes are private, since the ring was made for their size.  *out: the frame with copies of the
 * large ones in the ring, if the reader follows references; its other planes are borrowed. */
static ck_status copy_planes(ck_writer *w, const ck_frame *f, ck_frame *out, ck_error *e)
{
    int slot;
    *out = *f;
    if (!attaches(w, f))
        return CK_OK;
    ck_ring *own = w->rings.ring[w->rings.n - 1];
    if (!ck_ring_id_view(own)->slots)
        return CK_OK;
    ck_status s = ck_ring_take(own, w->timeout, &slot, e);
    ck_lease *l = s == CK_OK ? ck_lease_new(own, slot) : NULL;
    if (s == CK_OK && !l)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory");
    for (int i = 0; l && i < f->n; i++)
        copy_plane(f, i, out, l);
    ck_lease_unref(l);
    return s;
}

static void drop_copies(const ck_frame *f, ck_frame *copy)
{
    for (int i = 0; i < f->n; i++)
        if (copy->planes[i].buf != f->planes[i].buf)
            ck_buffer_unref(copy->planes[i].buf);
}

static ck_status send_first(ck_writer *w, const ck_frame *f, const char *text, size_t n, ck_error *e)
{
    ck_frame copy;
    ck_status s = copy_planes(w, f, &copy, e);
    if (s == CK_OK)
        s = send_frame(w, &copy, text, n, e);
    drop_copies(f, &copy);
    return s;
}

static void begin(ck_writer *w)
{
    pthread_mutex_lock(&w->gate);
    w->begun = true;
    pthread_cond_broadcast(&w->begun_or_cancelled);
    pthread_mutex_unlock(&w->gate);
}

ck_status ck_writer_frame(ck_writer *w, const ck_frame *f, ck_error *e)
{
    size_t n;
    char *text = ck_meta_format(&f->meta, &n);
    if (!text)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for metadata");
    ck_status s = CK_OK;
    if (n > CK_WIRE_MAX_META)
        s = ck_fail(e, CK_ERR_FORMAT, "%zu bytes of metadata are too many: the limit is %d", n, CK_WIRE_MAX_META);
    pthread_mutex_lock(&w->sending);
    bool first = !w->count;
    if (s == CK_OK && first)
        s = offer(w, f, e);
    if (s == CK_OK)
        s = first ? send_first(w, f, text, n, e) : send_frame(w, f, text, n, e);
    w->count += s == CK_OK;
    pthread_mutex_unlock(&w->sending);
    free(text);
    if (s == CK_OK && first)
        begin(w);
    return s;
}

ck_status ck_writer_end(ck_writer *w, ck_error *e)
{
    ck_meta none = {0};
    pthread_mutex_lock(&w->sending);
    ck_status s = send_record(w, "END ", &none, e);
    pthread_mutex_unlock(&w->sending);
    return s;
}

/* Lock `sending`; false if another thread is stuck inside a frame that its reader does not take. */
static bool lock_for_abort(ck_writer *w)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ABORT_PATIENCE * 1e9);
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return pthread_mutex_clocklock(&w->sending, CLOCK_MONOTONIC, &until) == 0;
}

void ck_writer_abort(ck_writer *w, const char *origin, const char *text, bool said)
{
    ck_meta m = {0};
    if (atomic_load(&w->offered) && !atomic_exchange(&w->failure_set, true))
        ck_ring_set_failure(w->rings.ring[w->rings.n - 1], origin, text, said);
    if (!lock_for_abort(w))
        return;
    /* Do not block on a full pipe. */
    struct pollfd out = {.fd = w->fd, .events = POLLOUT};
    w->broken |= poll(&out, 1, (int)(ABORT_PATIENCE * 1000)) < 1;
    if (!w->broken && ck_meta_set(&m, "origin", origin, NULL) == CK_OK &&
        ck_meta_set(&m, "text", text, NULL) == CK_OK && (!said || ck_stream_set_said(&m, w->fd, NULL) == CK_OK))
        send_record(w, "ABRT", &m, NULL);
    w->broken = true;
    pthread_mutex_unlock(&w->sending);
    ck_meta_free(&m);
}

const char *ck_writer_inline_view(const ck_writer *w)
{
    return w->why_inline.text;
}

int ck_writer_slots(const ck_writer *w)
{
    return w->rings.n ? ck_ring_in_use(w->rings.ring[w->rings.n - 1]) : 0;
}

bool ck_writer_has_slots(const ck_writer *w)
{
    return w->rings.n && ck_ring_id_view(w->rings.ring[w->rings.n - 1])->slots;
}

size_t ck_writer_resident(const ck_writer *w)
{
    return w->rings.n ? ck_ring_resident(w->rings.ring[w->rings.n - 1]) : 0;
}

void ck_writer_free(ck_writer *w)
{
    if (!w)
        return;
    ck_rings_free(&w->rings);
    pthread_mutex_destroy(&w->sending);
    pthread_mutex_destroy(&w->gate);
    pthread_cond_destroy(&w->begun_or_cancelled);
    free(w);
}
