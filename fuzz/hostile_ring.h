/* A hostile peer: a valid stream with planes in a valid ring, changed as the input says.
 *
 * The input is a list of changes of eight bytes each: target (0 the stream, 1 the control pages, 2 the control pages
 * after the first frame, 3 the stream's last bytes), a zero byte, offset (2 bytes), value (4 bytes). */
#ifndef CK_FUZZ_HOSTILE_RING_H
#define CK_FUZZ_HOSTILE_RING_H

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "stream/rings.h"
#include "stream/stream.h"
#include "stream/wire.h"

#define HOSTILE_SLOTS 3
#define HOSTILE_SLOT_BYTES ((size_t)128 << 10)
#define HOSTILE_FRAMES 2

typedef struct hostile_stream {
    ck_wire_record head;
    ck_wire_record ring;
    ck_rings_body body;
    struct {
        ck_wire_record record;
        ck_wire_plane planes[2];
    } frame[HOSTILE_FRAMES];
    ck_wire_record end;
} hostile_stream;

typedef struct hostile {
    ck_ring *ring;
    unsigned char *control, sound[CK_RING_CONTROL];
} hostile;

static inline ck_wire_record hostile_record(const char *kind, uint64_t number, size_t body, uint32_t planes)
{
    ck_wire_record r = {.planes = planes, .number = number, .body_bytes = body};
    memcpy(r.magic, CK_WIRE_MAGIC, 4);
    memcpy(r.kind, kind, 4);
    return r;
}

/* A plane of 256 x 256 bytes.  Both planes of a frame are in one slot. */
static inline ck_wire_plane hostile_plane(const char *name, int slot, size_t offset)
{
    ck_wire_plane p = {.elem = 1, .c = 1, .h = 256, .w = 256, .bytes = 65536, .storage = CK_WIRE_RING};
    strncpy(p.name, name, sizeof p.name - 1);
    strncpy(p.type, "u8", sizeof p.type - 1);
    p.slot = (uint32_t)slot;
    p.offset = offset;
    return p;
}

static inline void hostile_open(hostile *h)
{
    ck_error e;
    if (ck_ring_new(HOSTILE_SLOTS, HOSTILE_SLOT_BYTES, &h->ring, &e) != CK_OK)
        abort();
    h->control = mmap(NULL, CK_RING_CONTROL, PROT_READ | PROT_WRITE, MAP_SHARED, (int)ck_ring_id_view(h->ring)->fd, 0);
    if (h->control == MAP_FAILED)
        abort();
    int slot;
    for (int i = 0; i < HOSTILE_FRAMES; i++)
        ck_ring_take(h->ring, 0, &slot, &e);
    memcpy(h->sound, h->control, CK_RING_CONTROL);
}

static inline hostile_stream hostile_sound(const hostile *h, int fd)
{
    hostile_stream s = {.head = hostile_record("HEAD", 0, 0, 0), .end = hostile_record("END ", HOSTILE_FRAMES, 0, 0)};
    ck_rings rings = {.ring = {h->ring}, .n = 1};
    ck_rings_offer(&rings, fd, &s.body);
    s.ring = hostile_record("RING", 0, sizeof s.body, 0);
    s.body.rings = 1;
    for (int i = 0; i < HOSTILE_FRAMES; i++) {
        s.frame[i].record = hostile_record("FRAM", (uint64_t)i, sizeof s.frame[i].planes, 2);
        s.frame[i].planes[0] = hostile_plane("rgb", i, 0);
        s.frame[i].planes[1] = hostile_plane("hint", i, 65536);
    }
    /* A RING record is as long as its list of rings; hostile_pack moves up the rest. */
    s.ring.body_bytes = sizeof s.body - (CK_RINGS_MAX - 1) * sizeof *s.body.id;
    return s;
}

static inline void hostile_change(unsigned char *at, size_t size, const uint8_t *change)
{
    uint16_t where;
    memcpy(&where, change + 2, 2);
    if (size >= 4)
        memcpy(at + where % (size - 3), change + 4, 4);
}

static inline void hostile_apply(const hostile *h, const uint8_t *data, size_t n, int what, unsigned char *stream,
                                 size_t size)
{
    for (; n >= 8; data += 8, n -= 8) {
        if (data[0] % 4 != what)
            continue;
        if (what == 1 || what == 2)
            hostile_change(h->control, CK_RING_CONTROL, data);
        else
            hostile_change(what == 3 && size > 128 ? stream + size - 128 : stream, what == 3 ? 128 : size, data);
    }
}

/* Serialise the stream as it is sent; returns bytes. */
static inline size_t hostile_pack(const hostile_stream *s, unsigned char *to)
{
    const size_t first = offsetof(hostile_stream, body) + s->ring.body_bytes, from = offsetof(hostile_stream, frame);
    memcpy(to, s, first);
    memcpy(to + first, (const unsigned char *)s + from, sizeof *s - from);
    return first + sizeof *s - from;
}

/* Number of frames read. */
static inline int hostile_read(const hostile *h, int fd, const uint8_t *data, size_t n)
{
    ck_reader *r;
    ck_error e;
    int frames = 0;
    volatile uint64_t sum = 0;
    ck_status s = ck_reader_open(fd, "fuzz", 5, &r, &e);
    while (s == CK_OK) {
        ck_frame f = {0};
        s = ck_reader_next(r, &f, &e);
        for (int i = 0; s == CK_OK && i < f.n; i++)
            for (size_t k = 0; k < f.planes[i].bytes; k += 512)
                sum += ((const uint8_t *)f.planes[i].data)[k];
        frames += s == CK_OK;
        if (frames == 1)
            hostile_apply(h, data, n, 2, NULL, 0);
        ck_frame_free(&f);
    }
    ck_reader_free(r);
    return frames;
}

/* Number of frames read. */
static inline int fuzz_ring(const uint8_t *data, size_t n)
{
    static hostile h;
    unsigned char stream[sizeof(hostile_stream)];
    int fd[2];
    if (!h.ring)
        hostile_open(&h);
    if (pipe2(fd, O_CLOEXEC))
        abort();
    memcpy(h.control, h.sound, CK_RING_CONTROL);
    hostile_stream s = hostile_sound(&h, fd[1]);
    size_t size = hostile_pack(&s, stream);
    hostile_apply(&h, data, n, 0, stream, size);
    hostile_apply(&h, data, n, 1, stream, size);
    hostile_apply(&h, data, n, 3, stream, size);
    if (write(fd[1], stream, size) != (ssize_t)size)
        abort();
    close(fd[1]);
    int frames = hostile_read(&h, fd[0], data, n);
    close(fd[0]);
    ck_pool_trim();
    if (frames > HOSTILE_FRAMES + 1) /* a change may turn END into a frame without planes */
        abort();
    return frames;
}

#endif
