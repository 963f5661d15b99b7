/* Thread blocks on one CPU thread: each GPU thread is a context of its own that runs until a barrier. */
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <ucontext.h>

#include "cuda_runtime.h"

#define STACK ((size_t)256 << 10)
#define LANES 32
#define MOST 1024 /* threads of a block */

dim3 threadIdx, blockIdx, blockDim, gridDim;

enum state { RUNNING, AT_WARP, AT_BLOCK, ENDED };

struct thread {
    ucontext_t context; /* to begin with … */
    jmp_buf place;      /* … and from then on, which takes no system call */
    dim3 index;
    enum state state;
    unsigned shuffles; /* so far: they take turns between two buffers */
    bool made;
};

static thread threads[MOST];
static ucontext_t start; /* never returned to */
static jmp_buf scheduler;
static int current;
static const std::function<void()> *kernel;
static float shuffled[2][MOST];

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

/* A context outlives its block: making one takes longer than most threads. */
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

float __shfl_xor_sync(unsigned mask, float v, int lanes)
{
    if (mask != 0xffffffffu)
        die("a shuffle of some lanes only");
    int me = current, other = me / LANES * LANES + ((me % LANES) ^ lanes);
    unsigned turn = threads[me].shuffles++ % 2;
    if (other >= (int)(blockDim.x * blockDim.y * blockDim.z))
        die("a shuffle with a lane that is not there");
    shuffled[turn][me] = v;
    wait_at(AT_WARP);
    return shuffled[turn][other];
}

/* Threads first … end-1 have all come to s, or none has. */
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

/* Every lane to the end or to the block's barrier. */
static void run_warp(int first, int end)
{
    do
        each(first, end, resume);
    while (all_at(AT_WARP, first, end));
}

static void run_block(int n)
{
    for (int i = 0; i < n; i++)
        threads[i].shuffles = 0;
    int warps = (n + LANES - 1) / LANES;
    do
        each(0, warps, [n](int w) { run_warp(w * LANES, std::min(n, (w + 1) * LANES)); });
    while (all_at(AT_BLOCK, 0, n));
}

void cuda_host_run(dim3 grid, dim3 block, const std::function<void()> &k)
{
    int n = (int)(block.x * block.y * block.z);
    unsigned long blocks = (unsigned long)grid.x * grid.y * grid.z;
    if (n < 1 || n > MOST || !blocks || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535)
        die("a launch that no GPU takes");
    kernel = &k;
    gridDim = grid;
    blockDim = block;
    for (int i = 0; i < n; i++) {
        unsigned u = (unsigned)i;
        threads[i].index = dim3(u % block.x, u / block.x % block.y, u / block.x / block.y);
    }
    for (unsigned long i = 0; i < blocks; i++) {
        unsigned long b = reversed() ? blocks - 1 - i : i;
        blockIdx = dim3((unsigned)(b % grid.x), (unsigned)(b / grid.x % grid.y), (unsigned)(b / grid.x / grid.y));
        run_block(n);
    }
}
