/* Streams, events and graphs: work stays in its stream until it is waited for.
 *
 * Only work that must have happened has happened.  Waiting for a stream or event runs the work before it there, and in
 * other streams the work that events on the way require.  So a result that was not waited for, or is used by another
 * stream without an event in between, does not exist yet.  With CK_CUDA_HOST_EAGER in the environment, copies run as
 * early as events and their own stream allow, before kernels of other streams: data that may still be read are
 * overwritten.  A GPU may use either order.
 *
 * From NVIDIA's documentation of the runtime, "API synchronization behavior": a copy from pageable memory has read its
 * source when the call returns, but may not have arrived; a copy to pageable memory has completed when the call
 * returns; other copies are queued.  A stream made with cudaStreamNonBlocking does not wait for the default stream,
 * which cudaMemcpy uses.  While a stream is captured, calls on it only record, and waiting or allocating are errors.
 * Waiting for an event means the last one recorded before that call.
 *
 * CK_CUDA_HOST_BROKEN=DEVICE:COPIES: after that number of copies, further copies from the device fail.
 * CK_CUDA_HOST_FAULT=NAME[,NAME...]: launches of the kernels of these names (ck_cuda_NAME, or those of NAME.cu) leave out
 * their last thread block; `linear`: products leave out their last column; NAME:list: only launches with a list of
 * tokens or blocks do.
 *
 * CK_CUDA_HOST_COUNT: at the end print to stderr the numbers of launched kernels and graphs and of registered pieces of
 * host memory. */
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <vector>

#include "cuda_runtime.h"

struct op {
    std::function<void()> run; /* work, or ... */
    cudaEvent_t wait;          /* ... an event to wait for ... */
    unsigned long times;       /* ... and the number of its recording */
    bool kernel;
};

struct cuda_host_stream {
    std::deque<op> todo;
    cuda_host_graph *graph; /* being recorded */
    int device;
};

struct cuda_host_event {
    cudaStream_t stream; /* of the last recording */
    unsigned long asked, done;
};

struct cuda_host_graph {
    std::vector<op> all;
};

static std::recursive_mutex lock;
typedef std::lock_guard<std::recursive_mutex> hold;
static std::vector<cudaStream_t> streams;
static cuda_host_stream default_streams[2]; /* one per device */
static thread_local int capturing;
static long kernels, graphs;

static cudaStream_t default_stream()
{
    return &default_streams[cuda_host_device()];
}

void cuda_host_die(const char *what)
{
    fprintf(stderr, "cuda_host: %s\n", what);
    abort();
}

__attribute__((destructor)) static void tell()
{
    if (getenv("CK_CUDA_HOST_COUNT"))
        fprintf(stderr, "cuda_host: %ld kernels, %ld graphs, %ld registered\n", kernels, graphs, cuda_host_registered);
}

/* ---- planted faults ---- */

/* True inside a function ck_cuda_NAME.  Others that launch kernels are known by their file. */
static bool named(const char *function)
{
    const char *at = function;
    while ((at = strstr(at, "ck_cuda_"))) {
        while (*at == '_' || isalnum((unsigned char)*at))
            at++;
        if (*at == '(')
            return true;
    }
    return false;
}

bool cuda_host_faulty(const char *file, const char *function, bool listed)
{
    const char *at = getenv("CK_CUDA_HOST_FAULT");
    while (at && *at) {
        char name[80], source[96];
        int n = (int)strcspn(at, ":,"), all = (int)strcspn(at, ",");
        snprintf(name, sizeof name, "ck_cuda_%.*s(", n, at);
        snprintf(source, sizeof source, "/%.*s.cu", n, at);
        if ((listed || n == all) && (strstr(function, name) || (!named(function) && strstr(file, source))))
            return true;
        at += all + (at[all] == ',');
    }
    return false;
}

int cuda_host_faulty_products(void)
{
    return cuda_host_faulty("", "ck_cuda_linear(", false);
}

/* ---- running queued work ---- */

static void until(cudaEvent_t e, unsigned long times);

static void step(cudaStream_t s)
{
    op o = std::move(s->todo.front());
    s->todo.pop_front();
    if (o.wait)
        until(o.wait, o.times);
    else
        o.run();
}

static void until(cudaEvent_t e, unsigned long times)
{
    while (e->done < times) {
        if (e->stream->todo.empty())
            cuda_host_die("an event that never comes");
        step(e->stream);
    }
}

static void drain(cudaStream_t s)
{
    while (!s->todo.empty())
        step(s);
}

static bool may_run(const op &o)
{
    return !o.kernel && (!o.wait || o.wait->done >= o.times);
}

static void hurry()
{
    static const bool eager = getenv("CK_CUDA_HOST_EAGER") != NULL;
    for (bool more = eager; more;) {
        more = false;
        for (cudaStream_t s : streams)
            while (!s->todo.empty() && may_run(s->todo.front())) {
                step(s);
                more = true;
            }
    }
}

static void add(cudaStream_t s, op o)
{
    hold h(lock);
    if (!s || s->device != cuda_host_device())
        cuda_host_die("work for a stream of another device than the thread's");
    if (s->graph) {
        s->graph->all.push_back(std::move(o));
        return;
    }
    s->todo.push_back(std::move(o));
    hurry();
}

void cuda_host_launch(dim3 grid, dim3 block, size_t shared, const void *address, cudaStream_t s, bool faulty,
                      std::function<void()> kernel)
{
    cuda_host_check_shared(address, shared);
    add(s, {[=]() { cuda_host_run(grid, block, shared, faulty, kernel); }, NULL, 0, true});
    hold h(lock);
    kernels += !s->graph;
}

void cuda_host_queue(cudaStream_t s, void (*run)(void *args), const void *args, size_t n)
{
    std::vector<char> copy((const char *)args, (const char *)args + n);
    add(s, {[=]() mutable { run(copy.data()); }, NULL, 0, true});
}

int cuda_host_idle(void)
{
    hold h(lock);
    for (cudaStream_t s : streams)
        if (s->device == cuda_host_device() && !s->todo.empty())
            return 0;
    return 1;
}

int cuda_host_capturing(void)
{
    return capturing;
}

/* ---- streams ---- */

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, unsigned flags)
{
    hold h(lock);
    if (flags != cudaStreamNonBlocking)
        return cudaErrorInvalidValue;
    *s = new cuda_host_stream();
    (*s)->device = cuda_host_device();
    streams.push_back(*s);
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t s)
{
    hold h(lock);
    drain(s);
    streams.erase(std::find(streams.begin(), streams.end(), s));
    delete s;
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t s)
{
    hold h(lock);
    if (s && s->graph)
        return cudaErrorStreamCaptureUnsupported;
    drain(s ? s : default_stream());
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t s, cudaEvent_t e, unsigned flags)
{
    hold h(lock);
    (void)flags;
    if (e->asked > e->done)
        add(s, {NULL, e, e->asked, false});
    return cudaSuccess;
}

/* ---- events ---- */

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *e, unsigned flags)
{
    (void)flags;
    *e = new cuda_host_event();
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t e)
{
    hold h(lock);
    if (e->done < e->asked)
        until(e, e->asked);
    delete e;
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s)
{
    hold h(lock);
    if (s->graph)
        return cudaErrorStreamCaptureUnsupported;
    if (e->done < e->asked && e->stream != s)
        cuda_host_die("an event is recorded anew before it came");
    unsigned long times = ++e->asked;
    e->stream = s;
    add(s, {[=]() { e->done = times; }, NULL, 0, false});
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t e)
{
    hold h(lock);
    until(e, e->asked);
    return cudaSuccess;
}

/* ---- copies ---- */

static bool broken(enum cudaMemcpyKind kind, int device)
{
    static long copies[2];
    const char *told = getenv("CK_CUDA_HOST_BROKEN");
    int which;
    long most;
    return kind == cudaMemcpyDeviceToHost && told && sscanf(told, "%d:%ld", &which, &most) == 2 && which == device &&
           ++copies[which] > most;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind, cudaStream_t s)
{
    hold h(lock);
    const void *host = kind == cudaMemcpyHostToDevice ? from : to;
    bool pinned = kind == cudaMemcpyDeviceToDevice || cuda_host_pinned(host, bytes);
    if (broken(kind, s->device))
        return cudaErrorLaunchFailure;
    if (s->graph && !pinned)
        return cudaErrorStreamCaptureUnsupported;
    if (kind == cudaMemcpyHostToDevice && !pinned) {
        std::vector<char> copy((const char *)from, (const char *)from + bytes);
        add(s, {[=]() { memcpy(to, copy.data(), bytes); }, NULL, 0, false});
        return cudaSuccess;
    }
    add(s, {[=]() { memcpy(to, from, bytes); }, NULL, 0, false});
    if (!pinned)
        drain(s);
    return cudaSuccess;
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind)
{
    hold h(lock);
    cudaStream_t s = default_stream();
    s->device = cuda_host_device();
    if (std::find(streams.begin(), streams.end(), s) == streams.end())
        streams.push_back(s);
    cudaError_t r = cudaMemcpyAsync(to, from, bytes, kind, s);
    if (kind == cudaMemcpyDeviceToHost)
        drain(s);
    return r;
}

cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t s)
{
    add(s, {[=]() { memset(to, value, bytes); }, NULL, 0, false});
    return cudaSuccess;
}

/* ---- graphs ---- */

cudaError_t cudaStreamBeginCapture(cudaStream_t s, enum cudaStreamCaptureMode mode)
{
    hold h(lock);
    const char *machine = getenv("CK_CUDA_HOST");
    if (mode != cudaStreamCaptureModeThreadLocal || s->graph || (machine && !strcmp(machine, "no-graphs")))
        return cudaErrorNotSupported;
    s->graph = new cuda_host_graph();
    capturing++;
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t s, cudaGraph_t *g)
{
    hold h(lock);
    *g = s->graph;
    s->graph = NULL;
    capturing -= *g != NULL;
    return *g ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t *x, cudaGraph_t g, unsigned long long flags)
{
    (void)flags;
    *x = new cuda_host_graph(*g);
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t x, cudaStream_t s)
{
    hold h(lock);
    graphs++;
    add(s, {[=]() {
                for (op &o : x->all)
                    o.run();
            },
            NULL, 0, true});
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t g)
{
    delete g;
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t x)
{
    if (!cuda_host_idle())
        cuda_host_die("a graph goes while it may run");
    delete x;
    return cudaSuccess;
}
