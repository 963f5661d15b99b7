/* Slots: planes of a frame on their way in and out, on separate streams.
 *
 *     in        copies in ── arrived
 *     (steps)                  └─ tensors, steps, planes ── made
 *     out                                                    └─ copies out ── left
 *
 * A slot is reusable once its `left` event has completed: everything that its next frame overwrites has been read.
 * Tensors are used by one stream, in order. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/cuda/frames.h"

#define ALIGNED 256
#define TABLES ALIGNED /* offset of the tables, after the flag */
#define PINNED 1024    /* most pieces of pinned memory */

/* ---- memory ---- */

static ck_status no_memory(const ck_cuda_device *d, size_t bytes, const char *of, ck_error *e)
{
    (void)cudaGetLastError();
    return ck_fail(e, CK_ERR_MEMORY, "out of memory on cuda:%d: frames of this size need %.1f MB %s", d->which,
                   (double)bytes * 1e-6, of);
}

/* Grow a buffer; call while no queued work uses it. */
static ck_status grow(const ck_cuda_device *d, ck_cuda_buffer *r, size_t bytes, bool host, ck_error *e)
{
    if (bytes <= r->bytes)
        return CK_OK;
    host ? cudaFreeHost(r->p) : cudaFree(r->p);
    *r = (ck_cuda_buffer){0};
    cudaError_t c = host ? cudaHostAlloc(&r->p, bytes, cudaHostAllocDefault) : cudaMalloc(&r->p, bytes);
    if (c == cudaErrorMemoryAllocation)
        return no_memory(d, bytes, host ? "of pinned memory" : "besides the network", e);
    if (c == cudaSuccess)
        r->bytes = bytes;
    return ck_cuda_check(c, "allocate memory for frames", e);
}

static size_t sample_bytes(ck_nn_sample t)
{
    return t == CK_NN_SAMPLE_U8 ? 1 : t == CK_NN_SAMPLE_F32 ? 4 : 2;
}

/* Reserve aligned space for `bytes` after *end. */
static bool place(size_t bytes, size_t *at, size_t *end)
{
    size_t padded;
    *at = *end;
    return ck_add(bytes, ALIGNED - 1, &padded) && ck_add(*end, padded / ALIGNED * ALIGNED, end);
}

static size_t table_bytes(const ck_nn_axis *a)
{
    return a->in == a->out ? 0 : (size_t)a->out * (2 * sizeof(int) + (size_t)a->taps * sizeof(float));
}

static bool place_tables(ck_cuda_move *to, const ck_nn_move *from, int n, size_t *end)
{
    for (int i = 0; i < n; i++) {
        to[i].is = from[i];
        if (!place(table_bytes(&from[i].x), &to[i].x_at, end) || !place(table_bytes(&from[i].y), &to[i].y_at, end))
            return false;
    }
    return true;
}

static bool place_planes(ck_cuda_move *to, int n, size_t *end, bool *staged)
{
    for (int i = 0; i < n; i++) {
        const ck_nn_move *m = &to[i].is;
        size_t bytes = sample_bytes(m->type);
        if (!ck_mul(bytes, (size_t)m->tensor.c, &bytes) || !ck_mul(bytes, (size_t)m->h, &bytes) ||
            !ck_mul(bytes, (size_t)m->w, &bytes) || !place(bytes, &to[i].at, end))
            return false;
        to[i].bytes = bytes;
        *staged = *staged || !m->pinned;
    }
    return true;
}

static ck_status take(const ck_cuda_device *d, ck_cuda_slot *s, const ck_nn_move *in, int n_in, const ck_nn_move *out,
                      int n_out, ck_error *e)
{
    bool staged = false, few = n_in <= CK_NN_MOVES && n_out <= CK_NN_MOVES;
    s->n_in = n_in;
    s->n_out = n_out;
    s->tables = TABLES;
    bool placed = few && place_tables(s->in, in, n_in, &s->tables) && place_tables(s->out, out, n_out, &s->tables);
    size_t end = s->tables;
    if (!placed || !place_planes(s->in, n_in, &end, &staged) || !place_planes(s->out, n_out, &end, &staged))
        return ck_fail(e, CK_ERR_ARGUMENT, "too many planes, or planes too large, for a device");
    ck_status st = grow(d, &s->device, end, false, e);
    return st == CK_OK ? grow(d, &s->staging, staged ? end : s->tables, true, e) : st;
}

/* ---- one frame ---- */

static void *in_slot(const ck_cuda_buffer *r, const ck_cuda_move *m)
{
    return (char *)r->p + m->at;
}

/* Copy an axis's tables to staging at offset `at`, and return the axis with their device addresses. */
static ck_nn_axis stage_axis(const ck_cuda_slot *s, const ck_nn_axis *a, size_t at)
{
    ck_nn_axis there = *a;
    if (a->in == a->out)
        return there;
    size_t n = (size_t)a->out;
    int *to = (int *)((char *)s->staging.p + at);
    const int *on_device = (const int *)((char *)s->device.p + at);
    memcpy(to, a->first, n * sizeof *to);
    memcpy(to + n, a->count, n * sizeof *to);
    memcpy(to + 2 * n, a->weight, n * (size_t)a->taps * sizeof(float));
    there.first = on_device;
    there.count = on_device + n;
    there.weight = (const float *)(on_device + 2 * n);
    return there;
}

/* Copy all tables of a frame at once: they are small beside its planes. */
static ck_status send_tables(ck_cuda_device *d, ck_cuda_slot *s, ck_error *e)
{
    for (int i = 0; i < s->n_in + s->n_out; i++) {
        ck_cuda_move *m = i < s->n_in ? &s->in[i] : &s->out[i - s->n_in];
        m->x = stage_axis(s, &m->is.x, m->x_at);
        m->y = stage_axis(s, &m->is.y, m->y_at);
    }
    if (s->tables == TABLES)
        return CK_OK;
    return ck_cuda_check(cudaMemcpyAsync((char *)s->device.p + TABLES, (char *)s->staging.p + TABLES,
                                         s->tables - TABLES, cudaMemcpyHostToDevice, d->frames->in),
                         "copy weights of resampling", e);
}

static ck_status fetch(ck_nn *dev, int slot, const ck_nn_move *in, int n_in, const ck_nn_move *out, int n_out,
                       ck_error *e)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    ck_cuda_slot *s = &d->frames->slot[slot];
    ck_status st = take(d, s, in, n_in, out, n_out, e);
    if (st == CK_OK)
        st = send_tables(d, s, e);
    for (int i = 0; i < n_in && st == CK_OK; i++) {
        ck_cuda_move *m = &s->in[i];
        const void *from = m->is.data;
        if (!m->is.pinned)
            from = memcpy(in_slot(&s->staging, m), from, m->bytes);
        st = ck_cuda_check(
            cudaMemcpyAsync(in_slot(&s->device, m), from, m->bytes, cudaMemcpyHostToDevice, d->frames->in),
            "copy a plane", e);
    }
    if (st == CK_OK)
        st = ck_cuda_check(cudaEventRecord(s->arrived, d->frames->in), "record an event", e);
    if (st != CK_OK)
        cudaStreamSynchronize(d->frames->in);
    s->failed = CK_OK;
    return st;
}

/* Allocate the intermediate plane between horizontal and vertical resampling, before anything is queued. */
static ck_status prepare(ck_cuda_device *d, const ck_cuda_slot *s, ck_error *e)
{
    size_t most = 0;
    for (int i = 0; i < s->n_in + s->n_out; i++) {
        const ck_nn_move *m = &(i < s->n_in ? &s->in[i] : &s->out[i - s->n_in])->is;
        size_t bytes = sizeof(float) * (size_t)m->tensor.c * (size_t)m->y.in * (size_t)m->x.out;
        most = m->x.in != m->x.out && bytes > most ? bytes : most;
    }
    if (most > d->frames->partial.bytes)
        cudaStreamSynchronize(d->stream);
    return grow(d, &d->frames->partial, most, false, e);
}

/* The device's first failure; it belongs to this frame. */
static ck_status failure(ck_cuda_device *d, ck_error *e)
{
    ck_error launch;
    ck_status s = ck_cuda_check(cudaGetLastError(), "start a kernel", &launch);
    ck_cuda_fail(d, s, &launch);
    s = d->failed;
    if (s != CK_OK)
        *e = d->error;
    d->failed = CK_OK;
    return s;
}

static ck_status make(ck_nn *dev, int slot, ck_error *e)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    ck_cuda_slot *s = &d->frames->slot[slot];
    ck_status st = prepare(d, s, e);
    if (st == CK_OK)
        st = ck_cuda_check(cudaStreamWaitEvent(d->stream, s->arrived, 0), "wait for copies", e);
    for (int i = 0; i < s->n_in && st == CK_OK; i++)
        ck_cuda_plane_in(d, &s->in[i], in_slot(&s->device, &s->in[i]), d->frames->partial.p);
    if (st == CK_OK)
        st = failure(d, e);
    if (st != CK_OK) {
        cudaStreamSynchronize(d->frames->in);
        cudaStreamSynchronize(d->stream);
    }
    return st;
}

static void copy_out(ck_cuda_device *d, ck_cuda_slot *s, const ck_cuda_move *m)
{
    ck_error e;
    void *to = m->is.pinned ? m->is.data : in_slot(&s->staging, m);
    cudaError_t r = cudaMemcpyAsync(to, in_slot(&s->device, m), m->bytes, cudaMemcpyDeviceToHost, d->frames->out);
    ck_cuda_fail(d, ck_cuda_check(r, "copy a plane", &e), &e);
}

static void deliver(ck_nn *dev, int slot, const ck_nn_tensor *checked, int n)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    ck_cuda_slot *s = &d->frames->slot[slot];
    ck_cuda_move flag = {.is = {.data = s->staging.p, .pinned = true}, .bytes = sizeof(int)};
    ck_error e;
    ck_status st = ck_cuda_check(cudaMemsetAsync(s->device.p, 0, sizeof(int), d->stream), "clear a flag", &e);
    for (int i = 0; i < n; i++)
        ck_cuda_check_finite(d, &checked[i], s->device.p);
    for (int i = 0; i < s->n_out && st == CK_OK; i++)
        ck_cuda_plane_out(d, &s->out[i], in_slot(&s->device, &s->out[i]), d->frames->partial.p);
    if (st == CK_OK)
        st = ck_cuda_check(cudaEventRecord(s->made, d->stream), "record an event", &e);
    if (st == CK_OK)
        st = ck_cuda_check(cudaStreamWaitEvent(d->frames->out, s->made, 0), "wait for a frame", &e);
    ck_cuda_fail(d, st, &e);
    copy_out(d, s, &flag);
    for (int i = 0; i < s->n_out; i++)
        copy_out(d, s, &s->out[i]);
    ck_cuda_fail(d, ck_cuda_check(cudaEventRecord(s->left, d->frames->out), "record an event", &e), &e);
    s->failed = failure(d, &s->error);
}

static ck_status wait_for(ck_nn *dev, int slot, bool *finite, ck_error *e)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    ck_cuda_slot *s = &d->frames->slot[slot];
    ck_status st = ck_cuda_check(cudaEventSynchronize(s->left), "finish a frame", e);
    if (s->failed != CK_OK) {
        st = s->failed;
        *e = s->error;
    }
    *finite = *(const int *)s->staging.p == 0;
    for (int i = 0; i < s->n_out && st == CK_OK; i++)
        if (!s->out[i].is.pinned)
            memcpy(s->out[i].is.data, in_slot(&s->staging, &s->out[i]), s->out[i].bytes);
    return st;
}

/* ---- pinned memory ---- */

/* Memory registered by this process.  A registration holds for all its devices, and a second one would fail, so
 * devices that use the same memory share it. */
static struct {
    const void *p;
    size_t bytes;
    int devices;
} registered[PINNED];
static pthread_mutex_t registering = PTHREAD_MUTEX_INITIALIZER;

/* Index of the memory that begins at p; of a free place if p is NULL.  PINNED: none. */
static int find(const void *p)
{
    int i = 0;
    while (i < PINNED && registered[i].p != p)
        i++;
    return i;
}

static bool register_at(int i, void *p, size_t bytes, bool read_only)
{
    unsigned how = read_only ? cudaHostRegisterReadOnly : cudaHostRegisterDefault;
    if (i == PINNED)
        return false;
    if (cudaHostRegister(p, bytes, how) != cudaSuccess) {
        (void)cudaGetLastError();
        return false;
    }
    registered[i].p = p;
    registered[i].bytes = bytes;
    registered[i].devices = 1;
    return true;
}

static bool pin(ck_nn *dev, void *p, size_t bytes, bool read_only)
{
    const ck_cuda_device *d = ck_cuda_of(dev);
    if (read_only && !d->frames->read_only)
        return false; /* the call would fail, and compute-sanitizer would report it */
    pthread_mutex_lock(&registering);
    int i = find(p);
    bool known = i < PINNED && registered[i].bytes == bytes;
    if (known)
        registered[i].devices++;
    else
        known = i == PINNED && register_at(find(NULL), p, bytes, read_only);
    pthread_mutex_unlock(&registering);
    return known;
}

static void unpin(ck_nn *dev, void *p)
{
    ck_cuda_of(dev);
    pthread_mutex_lock(&registering);
    int i = find(p);
    if (i < PINNED && --registered[i].devices == 0) {
        cudaHostUnregister(p);
        registered[i].p = NULL;
    }
    pthread_mutex_unlock(&registering);
}

/* ---- opening ---- */

static ck_status make_events(ck_cuda_slot *s, ck_error *e)
{
    cudaEvent_t *all[] = {&s->arrived, &s->made, &s->left};
    ck_status st = CK_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all && st == CK_OK; i++)
        st = ck_cuda_check(cudaEventCreateWithFlags(all[i], cudaEventDisableTiming | cudaEventBlockingSync),
                           "make an event", e);
    return st;
}

ck_status ck_cuda_frames_open(ck_cuda_device *d, ck_error *e)
{
    struct ck_cuda_frames *f = calloc(1, sizeof *f);
    int read_only = 0;
    if (!f)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a device");
    d->frames = f;
    f->read_only =
        cudaDeviceGetAttribute(&read_only, cudaDevAttrHostRegisterReadOnlySupported, d->which) == cudaSuccess &&
        read_only;
    ck_status s = ck_cuda_check(cudaStreamCreateWithFlags(&f->in, cudaStreamNonBlocking), "make a stream", e);
    if (s == CK_OK)
        s = ck_cuda_check(cudaStreamCreateWithFlags(&f->out, cudaStreamNonBlocking), "make a stream", e);
    for (int i = 0; i < CK_NN_SLOTS && s == CK_OK; i++)
        s = make_events(&f->slot[i], e);
    return s;
}

static void close_slot(ck_cuda_slot *s)
{
    cudaEvent_t all[] = {s->arrived, s->made, s->left};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            cudaEventDestroy(all[i]);
    cudaFree(s->device.p);
    cudaFreeHost(s->staging.p);
}

void ck_cuda_frames_close(ck_cuda_device *d)
{
    struct ck_cuda_frames *f = d->frames;
    if (!f)
        return;
    if (f->in)
        cudaStreamSynchronize(f->in);
    if (f->out)
        cudaStreamSynchronize(f->out);
    for (int i = 0; i < CK_NN_SLOTS; i++)
        close_slot(&f->slot[i]);
    cudaFree(f->partial.p);
    if (f->in)
        cudaStreamDestroy(f->in);
    if (f->out)
        cudaStreamDestroy(f->out);
    free(f);
}

const struct ck_nn_frames ck_cuda_frames_table = {
    .fetch = fetch, .make = make, .deliver = deliver, .wait = wait_for, .pin = pin, .unpin = unpin};
