/* Rings: slots and references, attachment, and hostile peers. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../fuzz/hostile_ring.h"
#include "base/option.h"
#include "stream/lease.h"
#include "tap.h"

#define SLOT ((size_t)1 << 20)

static ck_error e;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void slots(void)
{
    ck_ring *r;
    int a, b, c;
    ok(ck_ring_new(2, SLOT, &r, &e) == CK_OK && ck_ring_resident(r) <= CK_RING_CONTROL,
       "a ring takes up no memory before it is used");
    ok(ck_ring_take(r, 0, &a, &e) == CK_OK && ck_ring_take(r, 0, &b, &e) == CK_OK && a == 0 && b == 1,
       "the lowest slots are taken first");
    ok(ck_ring_take(r, 0.02, &c, &e) == CK_ERR_BLOCKED && ck_ring_in_use(r) == 2, "none is left: %s", e.text);
    ck_ring_keep(r, a);
    ck_ring_drop(r, a);
    ok(ck_ring_take(r, 0.02, &c, &e) == CK_ERR_BLOCKED && ck_ring_holds(r, a, 0), "one of two references keeps a slot");
    ck_ring_drop(r, a);
    ok(!ck_ring_holds(r, a, 0) && ck_ring_generation(r, a) == 1 && ck_ring_take(r, 0, &c, &e) == CK_OK && c == a &&
           ck_ring_holds(r, a, 1) && !ck_ring_holds(r, a, 0),
       "the last one frees it, and its next use is another generation");
    memset(ck_ring_slot(r, a), 1, SLOT);
    ok(ck_ring_resident(r) >= SLOT && ck_ring_resident(r) < 2 * SLOT, "memory follows use");
    ck_ring_unref(r);
}

static void *drop_soon(void *ring)
{
    usleep(30000);
    ck_ring_drop(ring, 0);
    return NULL;
}

static void *cancel_soon(void *ring)
{
    usleep(30000);
    ck_ring_cancel(ring);
    return NULL;
}

static void waiting(void)
{
    ck_ring *r;
    int a, b;
    pthread_t t;
    ck_ring_new(1, SLOT, &r, &e);
    ck_ring_take(r, 0, &a, &e);
    pthread_create(&t, NULL, drop_soon, r);
    double since = now();
    ok(ck_ring_take(r, 5, &b, &e) == CK_OK && now() - since < 2, "who waits for a slot is woken");
    pthread_join(t, NULL);
    pthread_create(&t, NULL, cancel_soon, r);
    ok(ck_ring_take(r, 0, &b, &e) == CK_ERR_CLOSED && ck_ring_take(r, 0, &b, &e) == CK_ERR_CLOSED,
       "or gives up, and for good");
    pthread_join(t, NULL);
    ck_ring_unref(r);
}

/* One of two threads that give back the slots that the main thread takes.  A slot has one holder at a time. */
static void *give_back(void *arg)
{
    ck_ring *r = ((void **)arg)[0];
    int *pipe = ((void **)arg)[1], slot;
    while (read(pipe[0], &slot, sizeof slot) == sizeof slot) {
        unsigned char *p = ck_ring_slot(r, slot);
        if (p[0] != p[SLOT - 1])
            p[1] = 1; /* seen by the main thread: another holder wrote to the slot */
        ck_ring_drop(r, slot);
    }
    return NULL;
}

static void traffic(void)
{
    ck_ring *r;
    int fd[2], slot;
    pthread_t t[2];
    if (pipe(fd))
        return;
    ck_ring_new(3, SLOT, &r, &e);
    void *arg[2] = {r, fd};
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, give_back, arg);
    bool good = true;
    for (int i = 0; i < 20000 && good; i++) {
        good = ck_ring_take(r, 5, &slot, &e) == CK_OK;
        unsigned char *p = ck_ring_slot(r, slot);
        good &= p[1] == 0;
        p[0] = p[SLOT - 1] = (unsigned char)i;
        good &= write(fd[1], &slot, sizeof slot) == sizeof slot;
    }
    close(fd[1]);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    uint64_t given = 0;
    for (int i = 0; i < 3; i++)
        given += ck_ring_generation(r, i);
    ok(good && given == 20000 && ck_ring_in_use(r) == 0, "20000 slots lent to two threads and given back once each");
    close(fd[0]);
    ck_ring_unref(r);
}

/* True if writing to the byte kills the process. */
static bool faults(unsigned char *p)
{
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        *p = 1;
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) || WEXITSTATUS(status);
}

static int open_memory(size_t bytes, int seals)
{
    int fd = memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, (off_t)bytes) || fcntl(fd, F_ADD_SEALS, seals))
        abort();
    return fd;
}

static bool refused(const ck_ring_id *id, const char *what)
{
    ck_ring *m;
    bool mapped = ck_ring_map(getpid(), id, &m, &e);
    ok(!mapped && !m, "%s: %s", what, mapped ? "mapped" : e.text);
    ck_ring_unref(m);
    return !mapped;
}

static void mapping(void)
{
    ck_ring *r, *m;
    int slot;
    ck_ring_new(2, SLOT, &r, &e);
    ck_ring_take(r, 0, &slot, &e);
    const ck_ring_id id = *ck_ring_id_view(r);
    memset(ck_ring_slot(r, slot), 7, SLOT);
    ok(ck_ring_map(getpid(), &id, &m, &e) && ck_ring_slot(m, slot)[SLOT - 1] == 7, "a neighbour sees the slots");
    ok(faults(ck_ring_slot(m, slot)), "and cannot write there");
    ok(!ck_ring_attached(r) && (ck_ring_attach(m), ck_ring_attached(r)), "it says that it is there");
    ck_ring_unref(m);
    struct {
        const char *what;
        size_t at;
        uint64_t value;
    } lies[] = {{"another descriptor", offsetof(ck_ring_id, fd), 1},
                {"65 slots", offsetof(ck_ring_id, slots), 65},
                {"no slots", offsetof(ck_ring_id, slots), 0},
                {"slots of no page", offsetof(ck_ring_id, slot_bytes), SLOT + 64},
                {"slots of 2^63 bytes", offsetof(ck_ring_id, slot_bytes), (uint64_t)1 << 63},
                {"another device", offsetof(ck_ring_id, dev), id.dev + 1},
                {"another file", offsetof(ck_ring_id, ino), id.ino + 1},
                {"more bytes", offsetof(ck_ring_id, bytes), id.bytes + 4096},
                {"another nonce", offsetof(ck_ring_id, nonce), 1}};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        ck_ring_id lie = id;
        memcpy((char *)&lie + lies[i].at, &lies[i].value, lies[i].at < 8 ? 4 : 8);
        refused(&lie, lies[i].what);
    }
    const int all = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL,
              some[] = {0, F_SEAL_GROW, F_SEAL_SHRINK | F_SEAL_GROW, all};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        int fd = open_memory(id.bytes, some[i]);
        struct stat st;
        fstat(fd, &st);
        ck_ring_id other = id;
        other.fd = (uint32_t)fd;
        other.dev = st.st_dev;
        other.ino = st.st_ino;
        refused(&other, some[i] == all ? "sealed memory that is no ring" : "memory that can shrink under us");
        close(fd);
    }
    ck_ring_unref(r);
}

/* The writing process: frames of a plane of h rows of 512 bytes, which `same` shares, and a small one. */
static void write_frames(int fd, int frames, int h)
{
    ck_meta head = {0};
    ck_writer *w;
    ck_writer_open(fd, 0, &head, &w, &e);
    ck_writer_share(w, NULL, CK_RING_AUTO);
    for (int i = 0; i < frames; i++) {
        ck_frame f = {.seq = (uint64_t)i};
        ck_plane *p;
        if (i)
            ck_writer_take_slot(w, &f, &e);
        ck_frame_add(&f, "rgb", CK_U8, 1, h, 512, "", &p, &e);
        memset(ck_plane_data(p), i + 1, p->bytes);
        ck_frame_add(&f, "small", CK_U8, 1, 3, 3, "", &p, &e);
        memset(ck_plane_data(p), 100 + i, p->bytes);
        ck_frame_share(&f, "rgb", "same", &e);
        ck_writer_frame(w, &f, &e);
        ck_frame_free(&f);
        usleep(2000);
    }
    ck_writer_end(w, &e);
    ck_writer_free(w);
}

static bool holds(ck_frame *f, const char *name, int value)
{
    const ck_plane *p = ck_frame_plane(f, name);
    for (size_t i = 0; p && i < p->bytes; i++)
        if (((const uint8_t *)p->data)[i] != value)
            return false;
    return p != NULL;
}

/* Read frames from a child.  Returns the number with rgb in shared memory; -1: a frame was wrong. */
static int read_from_child(int frames, int h, bool relay)
{
    int fd[2], via[2];
    if (pipe(fd) || pipe(via))
        return -1;
    pid_t writer = fork();
    if (writer == 0) {
        close(fd[0]);
        close(via[0]);
        close(via[1]);
        write_frames(fd[1], frames, h);
        _exit(0);
    }
    pid_t cat = relay ? fork() : 0;
    if (relay && cat == 0) {
        static char scrap[1 << 16];
        close(fd[1]);
        close(via[0]);
        for (ssize_t k; (k = read(fd[0], scrap, sizeof scrap)) > 0;)
            if (write(via[1], scrap, (size_t)k) != k)
                _exit(1);
        _exit(0);
    }
    close(fd[1]);
    close(via[1]);
    ck_reader *r;
    ck_status s = ck_reader_open(relay ? via[0] : fd[0], "ck-test", 5, &r, &e);
    int shared = 0, seen = 0;
    bool good = true;
    while (s == CK_OK) {
        ck_frame f = {0};
        s = ck_reader_next(r, &f, &e);
        if (s == CK_OK) {
            good &= holds(&f, "rgb", seen + 1) && holds(&f, "small", 100 + seen) && !ck_lease_of(f.planes[1].buf);
            good &= holds(&f, "same", seen + 1);
            shared += ck_lease_of(f.planes[0].buf) != NULL;
            good &= !ck_lease_of(f.planes[0].buf) || f.planes[0].data == f.planes[2].data;
            seen++;
        }
        ck_frame_free(&f);
    }
    if (relay)
        good &= strstr(ck_reader_inline_view(r), "another program is between") != NULL;
    ck_reader_free(r);
    close(fd[0]);
    close(via[0]);
    waitpid(writer, NULL, 0);
    if (relay)
        waitpid(cat, NULL, 0);
    return good && s == CK_END && seen == frames ? shared : -1;
}

static void attaching(void)
{
    int n = read_from_child(40, 256, false);
    ok(n >= 30 && n < 40, "frames come by reference, the first ones inline: %d of 40", n);
    n = 0; /* on a busy machine the reader may be late */
    for (int i = 0; i < 5 && n != 3; i++)
        n = read_from_child(3, 1 << 15, false);
    ok(n == 3, "of 16 MiB, the first one too: %d of 3", n);
    ok(read_from_child(3, 1 << 15, true) == 0, "unless behind a relay");
    ok(read_from_child(10, 256, true) == 0, "behind a relay they come inline: %s", e.text);
    setenv("CK_RING", "off", 1);
    ok(read_from_child(10, 256, false) == 0, "CK_RING=off: inline");
    unsetenv("CK_RING");
}

/* A valid peer first, so that the rest tests something; then invalid data of every kind. */
static void lies(void)
{
    static hostile h;
    int fd[2];
    unsigned char stream[sizeof(hostile_stream)];
    if (pipe(fd))
        return;
    hostile_open(&h);
    hostile_stream s = hostile_sound(&h, fd[1]);
    size_t size = hostile_pack(&s, stream);
    bool sent = write(fd[1], stream, size) == (ssize_t)size;
    close(fd[1]);
    ok(sent && hostile_read(&h, fd[0], NULL, 0) == HOSTILE_FRAMES, "the stream of a peer that does not lie is read");
    close(fd[0]);
    ck_ring_unref(h.ring);
    munmap(h.control, CK_RING_CONTROL);
    srand(5);
    int whole = 0, part = 0;
    for (int i = 0; i < 4000; i++) {
        uint8_t changes[24];
        for (size_t k = 0; k < sizeof changes; k++)
            changes[k] = (uint8_t)rand();
        /* Small values reach deeper than random ones. */
        for (size_t k = 0; k < sizeof changes; k += 8)
            if (rand() % 2)
                memset(changes + k + 5, 0, 3);
        int frames = fuzz_ring(changes, 8 * (size_t)(1 + rand() % 3));
        whole += frames == HOSTILE_FRAMES;
        part += frames == 1;
    }
    ok(whole > 400 && part > 40 && whole < 3600,
       "4000 streams of one that does, none crashes or hangs; %d are read, %d in part", whole, part);
}

int main(void)
{
    slots();
    waiting();
    traffic();
    mapping();
    attaching();
    lies();
    ck_pool_trim();
    return done_testing();
}
