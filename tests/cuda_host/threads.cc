/* Thread blocks on one CPU thread: each GPU thread is a context that runs until a barrier. */
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <ucontext.h>
#include <vector>

#include "cuda_runtime.h"

#define STACK ((size_t)256 << 10)
#define LANES 32
#define MOST 1024 /* threads per block */
#define UNASKED_SHARED ((size_t)48 << 10)

dim3 threadIdx, blockIdx, blockDim, gridDim;

enum state { RUNNING, AT_WARP, AT_BLOCK, ENDED };

struct copy {
    void *to;
    const void *from;
    size_t n;
    int group;
};

struct thread {
    ucontext_t context; /* used to start ... */
    jmp_buf place;      /* ... and then to switch, which takes no system call */
    dim3 index;
    enum state state;
    unsigned shared;         /* number of exchanges: they alternate between two buffers */
    std::deque<copy> copies; /* not yet waited for */
    int groups;              /* groups of copies closed so far */
    bool made;
};

static thread threads[MOST];
static ucontext_t start; /* never returned to */
static jmp_buf scheduler;
static int current;
static const std::function<void()> *kernel;
static std::map<const void *, int> allowed; /* dynamic shared memory, bytes per kernel */
static unsigned char *dynamic;
static size_t dynamic_bytes;

alignas(16) static unsigned char shares[2][MOST][CUDA_HOST_SHARE];

static void die(const char *what)
{
    fprintf(stderr, "cuda_host: block %u,%u thread %d: %s\n", blockIdx.x, blockIdx.y, current, what);
    abort();
}

void cuda_host_need(bool good, const char *what)
{
    if (!good)
        die(what);
}

static void wait_at(enum state s)
{
    threads[current].state = s;
    if (!_setjmp(threads[current].place))
        _longjmp(scheduler, 1);
}

/* A context is reused for later blocks: making one takes longer than most threads run. */
static void run_for_ever()
{
    for (;;) {
        (*kernel)();
        wait_at(ENDED);
    }
}

static void make(thread *t)
{
    getcontext(&t->context);
    t->context.uc_stack.ss_sp = malloc(STACK);
    t->context.uc_stack.ss_size = STACK;
    if (!t->context.uc_stack.ss_sp)
        die("out of memory");
    makecontext(&t->context, run_for_ever, 0);
    t->made = true;
}

static void resume(int i)
{
    current = i;
    threadIdx = threads[i].index;
    threads[i].state = RUNNING;
    if (_setjmp(scheduler))
        return;
    if (threads[i].made)
        _longjmp(threads[i].place, 1);
    make(&threads[i]);
    swapcontext(&start, &threads[i].context);
}

void __syncthreads()
{
    wait_at(AT_BLOCK);
}

void __syncwarp()
{
    wait_at(AT_WARP);
}

/* ---- exchange between lanes ---- */

void cuda_host_share(const void *mine, size_t n)
{
    if (n > CUDA_HOST_SHARE)
        die("more than a lane can show");
    memcpy(shares[threads[current].shared++ % 2][current], mine, n);
    wait_at(AT_WARP);
}

const void *cuda_host_of_lane(int lane)
{
    int other = current / LANES * LANES + lane;
    if (other >= (int)(blockDim.x * blockDim.y * blockDim.z))
        die("a lane that is not there");
    return shares[(threads[current].shared - 1) % 2][other];
}

static void of_all(unsigned mask)
{
    if (mask != 0xffffffffu)
        die("some lanes only");
}

float __shfl_xor_sync(unsigned mask, float v, int lanes)
{
    of_all(mask);
    cuda_host_share(&v, sizeof v);
    return *(const float *)cuda_host_of_lane((current % LANES) ^ lanes);
}

int __any_sync(unsigned mask, int v)
{
    int any = 0;
    of_all(mask);
    cuda_host_share(&v, sizeof v);
    for (int i = 0; i < LANES; i++)
        any = any || *(const int *)cuda_host_of_lane(i);
    return any;
}

/* ---- shared memory, and copies to it ---- */

void *cuda_host_shared()
{
    return dynamic;
}

cudaError_t cuda_host_allow_shared(const void *k, int bytes)
{
    if (bytes < 0 || bytes > cuda_host_most_shared())
        return cudaErrorInvalidValue;
    allowed[k] = bytes;
    return cudaSuccess;
}

void cuda_host_copy_later(void *to, const void *from, size_t n)
{
    if ((unsigned char *)to < dynamic || (unsigned char *)to + 16 > dynamic + dynamic_bytes)
        die("a copy past shared memory");
    memset(to, 0xff, 16);
    threads[current].copies.push_back({to, from, n, threads[current].groups});
}

void cuda_host_end_copies()
{
    threads[current].groups++;
}

void cuda_host_wait_copies(int but)
{
    thread *t = &threads[current];
    for (; !t->copies.empty() && t->copies.front().group < t->groups - but; t->copies.pop_front()) {
        const copy &c = t->copies.front();
        memset(c.to, 0, 16);
        memcpy(c.to, c.from, c.n);
    }
}

void cuda_host_check_shared(const void *address, size_t bytes)
{
    auto known = allowed.find(address);
    cuda_host_need(bytes <= (known == allowed.end() ? UNASKED_SHARED : (size_t)known->second),
                   "more dynamic shared memory than the kernel was allowed");
}

static void take_shared(size_t bytes)
{
    free(dynamic);
    dynamic_bytes = bytes;
    dynamic = bytes ? (unsigned char *)aligned_alloc(128, (bytes + 127) / 128 * 128) : NULL;
    if (bytes && !dynamic)
        die("out of memory");
}

/* True if threads first … end-1 are all in state s, false if none is. */
static bool all_at(enum state s, int first, int end)
{
    int n = 0;
    for (int i = first; i < end; i++)
        n += threads[i].state == s;
    if (n && n < end - first)
        die("a barrier that some threads do not come to");
    return n > 0;
}

static bool reversed()
{
    static int known = -1;
    if (known < 0)
        known = getenv("CK_CUDA_HOST_REVERSE") != NULL;
    return known > 0;
}

static void each(int first, int end, const std::function<void(int)> &what)
{
    for (int i = 0; i < end - first; i++)
        what(reversed() ? end - 1 - i : first + i);
}

/* Run every lane to its end or to the block's barrier. */
static void run_warp(int first, int end)
{
    do
        each(first, end, resume);
    while (all_at(AT_WARP, first, end));
}

static void run_block(int n)
{
    for (int i = 0; i < n; i++) {
        threads[i].shared = 0;
        threads[i].groups = 0;
    }
    if (dynamic)
        memset(dynamic, 0xff, dynamic_bytes);
    int warps = (n + LANES - 1) / LANES;
    do
        each(0, warps, [n](int w) { run_warp(w * LANES, std::min(n, (w + 1) * LANES)); });
    while (all_at(AT_BLOCK, 0, n));
    for (int i = 0; i < n; i++)
        if (!threads[i].copies.empty())
            die("a copy that nobody waited for");
}

void cuda_host_run(dim3 grid, dim3 block, size_t shared, bool faulty, const std::function<void()> &k)
{
    int n = (int)(block.x * block.y * block.z);
    unsigned long blocks = (unsigned long)grid.x * grid.y * grid.z;
    if (n < 1 || n > MOST || !blocks || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535)
        die("a launch that no GPU takes");
    kernel = &k;
    take_shared(shared);
    gridDim = grid;
    blockDim = block;
    for (int i = 0; i < n; i++) {
        unsigned u = (unsigned)i;
        threads[i].index = dim3(u % block.x, u / block.x % block.y, u / block.x / block.y);
    }
    for (unsigned long i = 0; i < blocks - faulty; i++) {
        unsigned long b = reversed() ? blocks - 1 - i : i;
        blockIdx = dim3((unsigned)(b % grid.x), (unsigned)(b / grid.x % grid.y), (unsigned)(b / grid.x / grid.y));
        run_block(n);
    }
}
