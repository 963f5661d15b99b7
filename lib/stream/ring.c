#include "stream/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define MAGIC "ck-ring1"
#define ORIGIN 156 /* bytes; `left` to the end of `text`: 4288 to 6400 */
#define TEXT 1952
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* Programs of different builds share this: the layout is part of the protocol.  A counter written by other processes
 * has a cache line of its own. */
typedef struct slot_state {
    _Alignas(64) _Atomic uint32_t refs; /* 0: free */
    _Atomic uint64_t gen;               /* number of times the slot was given back */
} slot_state;

typedef struct control {
    char magic[8];
    uint8_t nonce[16];
    uint64_t slots, slot_bytes;
    _Alignas(64) _Atomic uint32_t attached; /* process ID of the reader that can follow references */
    _Alignas(64) _Atomic uint32_t freed;    /* futex word: counts slots given back */
    slot_state slot[CK_RING_MAX_SLOTS];
    _Alignas(64) _Atomic uint32_t left; /* 1: the owner ended early; origin and text say why */
    char origin[ORIGIN], text[TEXT];    /* padded with NUL */
    uint32_t said;                      /* 1: a program has printed it on standard error */
} control;

_Static_assert(sizeof(slot_state) == 64 && offsetof(control, left) == 192 + 64 * CK_RING_MAX_SLOTS,
               "the layout of ck-ring(7)");
_Static_assert(offsetof(control, said) == 6400 && sizeof(control) <= CK_RING_CONTROL, "the control pages hold it");

struct ck_ring {
    atomic_int refs;
    ck_ring_id id;
    control *control;
    unsigned char *data; /* the first slot */
    atomic_bool cancelled;
};

bool ck_ring_wanted(void)
{
    const char *s = getenv("CK_RING");
    return !s || strcmp(s, "off");
}

static ck_ring *allocate(const ck_ring_id *id)
{
    ck_ring *r = calloc(1, sizeof *r);
    if (r) {
        atomic_init(&r->refs, 1);
        r->id = *id;
    }
    return r;
}

/* Control pages are mapped writable by all, slots only by their owner. */
static bool map(ck_ring *r, bool own)
{
    int fd = (int)r->id.fd;
    void *p = mmap(NULL, CK_RING_CONTROL, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return false;
    r->control = p;
    if (!r->id.slots)
        return true;
    p = mmap(NULL, r->id.bytes - CK_RING_CONTROL, own ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd,
             CK_RING_CONTROL);
    if (p == MAP_FAILED)
        return false;
    r->data = p;
    return true;
}

static bool make_memory(ck_ring_id *id)
{
    int fd = memfd_create("ck-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return false;
    struct stat st;
    if (ftruncate(fd, (off_t)id->bytes) || fcntl(fd, F_ADD_SEALS, SEALS) || fstat(fd, &st) ||
        getrandom(id->nonce, sizeof id->nonce, 0) != sizeof id->nonce) {
        close(fd);
        return false;
    }
    id->fd = (uint32_t)fd;
    id->dev = st.st_dev;
    id->ino = st.st_ino;
    return true;
}

ck_status ck_ring_new(int slots, size_t slot_bytes, ck_ring **out, ck_error *e)
{
    ck_ring_id id = {.slots = (uint32_t)slots, .slot_bytes = slot_bytes};
    id.bytes = CK_RING_CONTROL + (uint64_t)slots * slot_bytes;
    *out = NULL;
    if (!make_memory(&id))
        return ck_fail_errno(e, "cannot make shared memory");
    ck_ring *r = allocate(&id);
    if (!r || !map(r, true)) {
        ck_status s = ck_fail_errno(e, "cannot map shared memory");
        if (r)
            ck_ring_unref(r);
        else
            close((int)id.fd);
        return s;
    }
    control *c = r->control;
    memcpy(c->nonce, id.nonce, sizeof c->nonce);
    c->slots = id.slots;
    c->slot_bytes = id.slot_bytes;
    memcpy(c->magic, MAGIC, sizeof c->magic);
    *out = r;
    return CK_OK;
}

/* True if the sizes of a RING record agree with each other. */
static bool sound(const ck_ring_id *id)
{
    uint64_t bytes;
    return id->slots <= CK_RING_MAX_SLOTS && id->slot_bytes % CK_RING_PAGE == 0 && !id->zero && id->fd <= INT_MAX &&
           (id->slots == 0) == (id->slot_bytes == 0) &&
           !__builtin_mul_overflow((uint64_t)id->slots, id->slot_bytes, &bytes) &&
           !__builtin_add_overflow(bytes, (uint64_t)CK_RING_CONTROL, &bytes) && bytes == id->bytes &&
           bytes <= INT64_MAX;
}

static bool same_file(const struct stat *st, const ck_ring_id *id)
{
    return S_ISREG(st->st_mode) && st->st_dev == id->dev && st->st_ino == id->ino && (uint64_t)st->st_size == id->bytes;
}

/* Open a neighbour's memory.  Checked before opening, since opening a device can have effects, and after, since the
 * file may have changed in between. */
static int open_neighbours(pid_t pid, const ck_ring_id *id, ck_error *e)
{
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%ld/fd/%u", (long)pid, id->fd);
    if (stat(path, &st)) {
        ck_fail_errno(e, "%s", path);
        return -1;
    }
    if (!same_file(&st, id)) {
        ck_fail(e, CK_ERR_FORMAT, "%s is another file", path);
        return -1;
    }
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        ck_fail_errno(e, "%s", path);
        return -1;
    }
    int seals = fcntl(fd, F_GET_SEALS);
    if (fstat(fd, &st) || !same_file(&st, id) || seals < 0 || (seals & SEALS) != SEALS) {
        ck_fail(e, CK_ERR_FORMAT, "%s is not sealed shared memory", path);
        close(fd);
        return -1;
    }
    return fd;
}

bool ck_ring_map(pid_t pid, const ck_ring_id *id, ck_ring **out, ck_error *e)
{
    *out = NULL;
    if (!sound(id)) {
        ck_fail(e, CK_ERR_FORMAT, "invalid sizes");
        return false;
    }
    int fd = open_neighbours(pid, id, e);
    if (fd < 0)
        return false;
    ck_ring_id mine = *id;
    mine.fd = (uint32_t)fd;
    ck_ring *r = allocate(&mine);
    if (!r || !map(r, false)) {
        ck_fail_errno(e, "cannot map it");
        if (r)
            ck_ring_unref(r);
        else
            close(fd);
        return false;
    }
    const control *c = r->control;
    if (memcmp(c->magic, MAGIC, sizeof c->magic) || memcmp(c->nonce, id->nonce, sizeof c->nonce) ||
        c->slots != id->slots || c->slot_bytes != id->slot_bytes) {
        ck_fail(e, CK_ERR_FORMAT, "its control page does not match");
        ck_ring_unref(r);
        return false;
    }
    *out = r;
    return true;
}

ck_ring *ck_ring_ref(ck_ring *r)
{
    atomic_fetch_add(&r->refs, 1);
    return r;
}

void ck_ring_unref(ck_ring *r)
{
    if (!r || atomic_fetch_sub(&r->refs, 1) > 1)
        return;
    if (r->control)
        munmap(r->control, CK_RING_CONTROL);
    if (r->data)
        munmap(r->data, r->id.bytes - CK_RING_CONTROL);
    close((int)r->id.fd);
    free(r);
}

const ck_ring_id *ck_ring_id_view(const ck_ring *r)
{
    return &r->id;
}

void ck_ring_attach(ck_ring *r)
{
    uint32_t none = 0;
    atomic_compare_exchange_strong(&r->control->attached, &none, (uint32_t)getpid());
}

bool ck_ring_attached(const ck_ring *r)
{
    return atomic_load(&r->control->attached) != 0;
}

void ck_ring_set_failure(ck_ring *r, const char *origin, const char *text, bool said)
{
    control *c = r->control;
    snprintf(c->origin, sizeof c->origin, "%s", origin);
    snprintf(c->text, sizeof c->text, "%s", text);
    c->said = said;
    atomic_store(&c->left, 1);
}

static void copy_text(char *to, size_t n, const char *from, size_t from_n)
{
    size_t len = n <= from_n ? n - 1 : from_n;
    memcpy(to, from, len);
    to[len] = 0;
}

bool ck_ring_failure(const ck_ring *r, char *origin, size_t origin_n, char *text, size_t text_n, bool *said)
{
    const control *c = r->control;
    if (atomic_load(&c->left) != 1)
        return false;
    copy_text(origin, origin_n, c->origin, sizeof c->origin);
    copy_text(text, text_n, c->text, sizeof c->text);
    *said = c->said == 1;
    return *origin && *text;
}

static long futex(_Atomic uint32_t *word, int operation, uint32_t value, const struct timespec *limit)
{
    return syscall(SYS_futex, word, operation, value, limit, NULL, 0);
}

static int find_free(ck_ring *r)
{
    for (int i = 0; i < (int)r->id.slots; i++)
        if (atomic_load(&r->control->slot[i].refs) == 0)
            return i;
    return -1;
}

ck_status ck_ring_take(ck_ring *r, double timeout, int *slot, ck_error *e)
{
    struct timespec limit = {(time_t)timeout, (long)((timeout - (double)(time_t)timeout) * 1e9)};
    for (;;) {
        uint32_t seen = atomic_load(&r->control->freed);
        if (atomic_load(&r->cancelled))
            return ck_fail(e, CK_ERR_CLOSED, "cancelled");
        *slot = find_free(r);
        if (*slot >= 0) {
            atomic_store(&r->control->slot[*slot].refs, 1);
            return CK_OK;
        }
        if (futex(&r->control->freed, FUTEX_WAIT, seen, timeout > 0 ? &limit : NULL) && errno == ETIMEDOUT)
            return ck_fail(e, CK_ERR_BLOCKED, "standard output: no data were taken for %g seconds (--timeout)",
                           timeout);
    }
}

static void wake(ck_ring *r)
{
    atomic_fetch_add(&r->control->freed, 1);
    futex(&r->control->freed, FUTEX_WAKE, INT_MAX, NULL);
}

void ck_ring_cancel(ck_ring *r)
{
    atomic_store(&r->cancelled, true);
    wake(r);
}

void ck_ring_keep(ck_ring *r, int slot)
{
    atomic_fetch_add(&r->control->slot[slot].refs, 1);
}

/* With only one reference left no other process changes the slot, so the generation grows before the slot can be taken
 * again. */
void ck_ring_drop(ck_ring *r, int slot)
{
    slot_state *s = &r->control->slot[slot];
    uint32_t refs = atomic_load(&s->refs);
    while (refs > 1)
        if (atomic_compare_exchange_weak(&s->refs, &refs, refs - 1))
            return;
    atomic_fetch_add(&s->gen, 1);
    atomic_store(&s->refs, 0);
    wake(r);
}

bool ck_ring_holds(const ck_ring *r, int slot, uint64_t gen)
{
    return atomic_load(&r->control->slot[slot].refs) > 0 && atomic_load(&r->control->slot[slot].gen) == gen;
}

uint64_t ck_ring_generation(const ck_ring *r, int slot)
{
    return atomic_load(&r->control->slot[slot].gen);
}

unsigned char *ck_ring_slot(const ck_ring *r, int slot)
{
    return r->data + (size_t)slot * r->id.slot_bytes;
}

int ck_ring_in_use(const ck_ring *r)
{
    int n = 0;
    for (int i = 0; i < (int)r->id.slots; i++)
        n += atomic_load(&r->control->slot[i].refs) > 0;
    return n;
}

size_t ck_ring_resident(const ck_ring *r)
{
    struct stat st;
    return fstat((int)r->id.fd, &st) ? 0 : (size_t)st.st_blocks * 512;
}
