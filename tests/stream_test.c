/* ck-frame(5): written streams are read back; everything else is refused. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stream/fdio.h"
#include "stream/stream.h"
#include "stream/wire.h"
#include "tap.h"

static ck_error e;

static void fill(ck_frame *f, int seed)
{
    ck_plane *p;
    ck_frame_add(f, "rgb", CK_U8, 3, 5, 7, "srgb", &p, &e);
    for (size_t i = 0; i < p->bytes; i++)
        ((uint8_t *)ck_plane_data(p))[i] = (uint8_t)(i * 7 + (size_t)seed);
    ck_frame_add(f, "alpha", CK_F32, 1, 5, 7, "", &p, &e);
    for (size_t i = 0; i < p->bytes / 4; i++)
        ((float *)ck_plane_data(p))[i] = (float)i / 9;
    ck_meta_set(&f->meta, "stem", "a\nb\\c", &e);
}

/* A stream of two frames and an error frame, in a memfd. */
static int make_stream(void)
{
    int fd = memfd_create("stream", 0);
    ck_meta head = {0};
    ck_writer *w;
    ck_meta_set(&head, "source", "x=y\nz", &e);
    ck_meta_set(&head, "program", "ck-decode 'a | b' | ck-hint --method key", &e);
    ck_writer_open(fd, 0, &head, &w, &e);
    for (int i = 0; i < 3; i++) {
        ck_frame f = {.seq = (uint64_t)i};
        if (i < 2)
            fill(&f, i);
        else
            ck_frame_set_error(&f, "bad: frame", &e);
        ck_writer_frame(w, &f, &e);
        ck_frame_free(&f);
    }
    ck_writer_end(w, &e);
    ck_writer_free(w);
    ck_meta_free(&head);
    return fd;
}

/* Read to the end; returns the status of the last call and counts frames. */
static ck_status read_all(int fd, int *frames)
{
    lseek(fd, 0, SEEK_SET);
    *frames = 0;
    ck_reader *r;
    e.text[0] = 0;
    ck_status s = ck_reader_open(fd, "ck-test", 0, &r, &e);
    while (s == CK_OK) {
        ck_frame f = {0};
        s = ck_reader_next(r, &f, &e);
        *frames += s == CK_OK;
        ck_frame_free(&f);
    }
    ck_reader_free(r);
    return s;
}

/* Names with shell metacharacters. */
static void last_program(void)
{
    char last[32];
    ck_meta head = {0};
    ck_head_add_program(&head, "ck-decode", "--hint 'it'\\''s | a\\ '\\''shot'\\''.mov'", &e);
    ok(ck_head_last_program(&head, last, sizeof last) && !strcmp(last, "ck-decode"), "one program is the last: %s",
       last);
    ck_head_add_program(&head, "ck-hint", "--method key", &e);
    ok(ck_head_last_program(&head, last, sizeof last) && !strcmp(last, "ck-hint"),
       "the last program is found behind a name with an apostrophe: %s", last);
    ck_meta_free(&head);
}

static void round_trip(void)
{
    int fd = make_stream();
    lseek(fd, 0, SEEK_SET);
    ck_reader *r;
    ok(ck_reader_open(fd, "ck-test", 0, &r, &e) == CK_OK, "HEAD is read");
    ok(!strcmp(ck_meta_get(ck_reader_head_view(r), "source"), "x=y\nz"), "a value with = and newline survives");
    char last[32];
    ok(ck_head_last_program(ck_reader_head_view(r), last, sizeof last) && !strcmp(last, "ck-hint"),
       "the last program is found behind a quoted |");
    for (int i = 0; i < 2; i++) {
        ck_frame f = {0}, want = {0};
        fill(&want, i);
        ok(ck_reader_next(r, &f, &e) == CK_OK && f.seq == (uint64_t)i && f.n == 2, "frame %d is read", i);
        ck_plane *rgb = ck_frame_plane(&f, "rgb"), *alpha = ck_frame_plane(&f, "alpha");
        ok(rgb && rgb->c == 3 && rgb->h == 5 && rgb->w == 7 && rgb->type == CK_U8 && !strcmp(rgb->encoding, "srgb"),
           "rgb keeps its shape, type and encoding");
        ok(rgb && !memcmp(rgb->data, want.planes[0].data, rgb->bytes), "rgb keeps its samples");
        ok(alpha && !memcmp(alpha->data, want.planes[1].data, alpha->bytes), "alpha keeps its samples");
        ok(alpha && (uintptr_t)alpha->data % CK_ALIGN == 0, "planes are aligned");
        ok(!strcmp(ck_meta_get(&f.meta, "stem"), "a\nb\\c"), "metadata with backslash and newline survive");
        ck_frame_free(&f);
        ck_frame_free(&want);
    }
    ck_frame f = {0};
    ok(ck_reader_next(r, &f, &e) == CK_OK && !strcmp(ck_frame_error(&f), "bad: frame"), "an error frame is read");
    ck_frame_free(&f);
    ok(ck_reader_next(r, &f, &e) == CK_END && ck_reader_next(r, &f, &e) == CK_END, "END is the end, and stays it");
    ck_reader_free(r);
    close(fd);
}

/* Every truncation fails: no pipeline can lose its tail silently. */
static void truncation(void)
{
    int fd = make_stream(), frames;
    off_t size = lseek(fd, 0, SEEK_END);
    unsigned char *bytes = malloc((size_t)size);
    bool all = pread(fd, bytes, (size_t)size, 0) == size, named = true;
    uint64_t body;
    memcpy(&body, bytes + offsetof(ck_wire_record, body_bytes), sizeof body);
    off_t head = (off_t)(64 + body);
    ok(read_all(fd, &frames) == CK_END && frames == 3, "the whole stream is good");
    for (off_t n = 1; n < size && all; n++) {
        if (ftruncate(fd, 0) || pwrite(fd, bytes, (size_t)n, 0) != n)
            all = false;
        all &= read_all(fd, &frames) == CK_ERR_UPSTREAM;
        named &= strstr(e.text, n < head ? "standard input: the file" : "ck-hint: the file") != NULL;
    }
    ok(all, "the stream cut at any of its %ld bytes fails", (long)size);
    ok(named, "and the message says of what program's file");
    ok(!ftruncate(fd, 0) && read_all(fd, &frames) == CK_ERR_FORMAT && strstr(e.text, "standard input is empty"),
       "an empty file: %s", e.text);
    free(bytes);
    close(fd);
}

/* A changed byte of headers or padding is refused, unless it is data or text.  Nothing crashes (run with
 * sanitizers). */
static void damage(void)
{
    int fd = make_stream(), frames, refused = 0, tried = 0;
    off_t size = lseek(fd, 0, SEEK_END);
    unsigned char *p = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    for (off_t i = 0; i < size; i++) {
        for (int bit = 0; bit < 8; bit += 7) {
            p[i] ^= (unsigned char)(1 << bit);
            ck_status s = read_all(fd, &frames);
            refused += s != CK_END;
            tried++;
            p[i] ^= (unsigned char)(1 << bit);
        }
    }
    /* Headers and padding are more than half of this small stream. */
    ok(refused > tried / 2, "%d of %d damaged streams are refused, none crashes", refused, tried);
    munmap(p, (size_t)size);
    close(fd);
}

typedef struct patch {
    const char *what;
    off_t record; /* 0 HEAD, 1 the first FRAM */
    size_t at;
    uint64_t value;
    size_t n;
} patch;

static void hostile(void)
{
    /* Offsets in ck-frame(5); the first plane header follows 64 bytes of metadata. */
    const size_t plane = 64 + 64;
    const patch patches[] = {
        {"33 planes", 1, 8, 33, 4},
        {"metadata of 4 GiB", 1, 12, UINT32_MAX, 4},
        {"a body of 2^63 bytes", 1, 24, (uint64_t)1 << 63, 8},
        {"width 0", 1, plane + 76, 0, 4},
        {"width 2^31", 1, plane + 76, (uint64_t)1 << 31, 4},
        {"height 65537", 1, plane + 72, 65537, 4},
        {"channels 2^32-1", 1, plane + 68, UINT32_MAX, 4},
        {"a sample of 2^32-1 bytes", 1, plane + 64, UINT32_MAX, 4},
        {"bytes that do not fit the shape", 1, plane + 80, 3 * 5 * 7 + 64, 8},
        {"a plane in a ring that is not there", 1, plane + 88, 1, 4},
        {"an offset", 1, plane + 112, 4096, 8},
        {"frame number 7 first", 1, 16, 7, 8},
        {"HEAD with planes", 0, 8, 1, 4},
    };
    int fd = make_stream(), frames;
    uint64_t body;
    if (pread(fd, &body, 8, 24) != 8)
        body = 0;
    for (size_t i = 0; i < sizeof patches / sizeof *patches; i++) {
        const patch *q = &patches[i];
        off_t at = (q->record ? (off_t)(64 + body) : 0) + (off_t)q->at;
        uint64_t old = 0;
        bool done = pread(fd, &old, q->n, at) == (ssize_t)q->n && pwrite(fd, &q->value, q->n, at) == (ssize_t)q->n;
        ok(done && read_all(fd, &frames) == CK_ERR_FORMAT && frames == 0, "%s: %s", q->what, e.text);
        if (pwrite(fd, &old, q->n, at) < 0)
            break;
    }
    ok(read_all(fd, &frames) == CK_END, "the stream is whole again");
    lseek(fd, 0, SEEK_END);
    ok(write(fd, "x", 1) == 1 && read_all(fd, &frames) == CK_ERR_FORMAT, "a byte after END is refused");
    close(fd);
}

static void metadata(void)
{
    ck_meta m = {0};
    static const char *const bad[] = {"a=b", "=b\n", "a\n", "A=b\n", "a=1\na=2\n", "a=\\x\n", "a=\\\n", "\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(ck_meta_parse(&m, bad[i], strlen(bad[i]), &e) == CK_ERR_FORMAT, "metadata %zu: %s", i, e.text);
    ok(ck_meta_parse(&m, "a=b\0\n", 5, &e) == CK_ERR_FORMAT, "a NUL byte is refused");
    ok(ck_meta_parse(&m, "n=12x\nk=12\n", 11, &e) == CK_OK && ck_meta_int(&m, "n", 0, 99, -1) == -1 &&
           ck_meta_int(&m, "k", 0, 99, -1) == 12 && ck_meta_int(&m, "k", 0, 9, -1) == -1,
       "numbers are whole and in range, or the fallback");
    ck_meta_free(&m);
}

/* A pipe whose writer hangs: the reader returns by time limit and by cancel. */
static void waiting(void)
{
    int fd[2];
    ck_reader *r;
    if (pipe(fd))
        return;
    ok(ck_reader_open(fd[0], "ck-test", 0.05, &r, &e) == CK_ERR_STARVED, "--timeout: %s", e.text);
    ck_reader_free(r);
    ck_meta head = {0};
    ck_writer *w;
    ck_writer_open(fd[1], 0, &head, &w, &e);
    ck_frame f = {0};
    ok(ck_reader_open(fd[0], "ck-test", 0, &r, &e) == CK_OK, "HEAD comes through a pipe");
    ck_reader_cancel(r);
    ok(ck_reader_next(r, &f, &e) == CK_ERR_UPSTREAM, "a cancelled reader comes back");
    ck_reader_free(r);
    ck_writer_free(w);
    /* A pipe holds at most 1 MiB, so 2 MiB do not fit. */
    ck_plane *p;
    ck_writer_open(fd[1], 0.05, &head, &w, &e);
    ck_frame_add(&f, "rgb", CK_U8, 1, 1024, 2048, "", &p, &e);
    memset(ck_plane_data(p), 0, p->bytes);
    ok(ck_writer_frame(w, &f, &e) == CK_ERR_BLOCKED, "a full pipe: %s", e.text);
    ck_frame_free(&f);
    ck_writer_free(w);
    close(fd[0]);
    close(fd[1]);
}

/* The parent may have made the pipe non-blocking.  The reader sleeps 300 ms: a writer that polls in a loop would use
 * all of that as CPU time, one that waits hardly any. */
static void waiting_without_blocking(void)
{
    int fd[2];
    if (pipe2(fd, O_NONBLOCK))
        return;
    pid_t pid = fork();
    if (pid == 0) {
        static char scrap[1 << 16];
        close(fd[1]);
        fcntl(fd[0], F_SETFL, 0);
        usleep(300000);
        while (read(fd[0], scrap, sizeof scrap) > 0)
            ;
        _exit(0);
    }
    close(fd[0]);
    static char data[4 << 20];
    struct iovec v = {data, sizeof data};
    clock_t before = clock();
    ck_status s = ck_fd_writev(fd[1], &v, 1, 0, &e);
    double used = (double)(clock() - before) / CLOCKS_PER_SEC;
    ok(s == CK_OK && used < 0.15, "a full non-blocking pipe is waited for: %.3f s of the processor", used);
    close(fd[1]);
    waitpid(pid, NULL, 0);
}

/* Two planes share memory until one of them is edited. */
static void shared_planes(void)
{
    ck_frame f = {0};
    ck_plane *p;
    fill(&f, 3);
    const void *data = ck_frame_plane(&f, "alpha")->data;
    ok(ck_frame_share(&f, "alpha", "coverage", &e) == CK_OK && f.n == 3 && ck_frame_plane(&f, "coverage")->data == data,
       "a shared plane is no copy");
    ok(ck_frame_share(&f, "alpha", "rgb", &e) == CK_OK && f.n == 3 && ck_frame_plane(&f, "rgb")->c == 1,
       "it replaces one of its name");
    ok(ck_frame_share(&f, "alpha", "alpha", &e) == CK_OK && f.n == 3 && ck_frame_plane(&f, "alpha")->data == data,
       "to share with itself changes nothing");
    ck_frame_edit(&f, "alpha", &p, &e);
    *(float *)ck_plane_data(p) = 7;
    ok(*(const float *)ck_frame_plane(&f, "coverage")->data == 0, "an edit of one leaves the other");
    char name[16];
    for (int i = f.n; i < CK_MAX_PLANES; i++) {
        snprintf(name, sizeof name, "p%d", i);
        ck_frame_share(&f, "alpha", name, &e);
    }
    ok(f.n == CK_MAX_PLANES && ck_frame_share(&f, "alpha", "more", &e) == CK_ERR_FORMAT &&
           ck_frame_add(&f, "more", CK_U8, 1, 1, 1, "", &p, &e) == CK_ERR_FORMAT,
       "a frame that is full takes no more");
    ok(ck_frame_share(&f, "alpha", "a_name_that_is_longer_than_a_plane_has", &e) == CK_ERR_ARGUMENT, "a name too long");
    ck_frame_free(&f);
}

int main(void)
{
    shared_planes();
    last_program();
    round_trip();
    truncation();
    damage();
    hostile();
    metadata();
    waiting();
    waiting_without_blocking();
    ck_pool_trim();
    return done_testing();
}
