/* The CUDA runtime and cuBLASLt on the CPU.
 *
 * CK_CUDA_HOST in the environment simulates a machine on which CUDA cannot be used, or not fully: no-driver,
 * old-driver, no-device, prohibited, exclusive, taken (exclusive and in use), old-device, mig, no-product (cuBLASLt has
 * no algorithm), no-register (host memory cannot be registered), no-read-only (read-only host memory cannot be).
 * CK_CUDA_HOST_MEMORY: bytes of device memory. CK_CUDA_HOST_ALLOCATIONS=N: the Nth allocation fails, of device or host
 * memory, counted from when the variable was set or changed.  CK_CUDA_HOST_ARCH=80, 86, 89, 90, 100 or 120: the compute
 * capability times 10, with its limits (default 90). */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cublasLt.h"
#include "types.h"

static int machine(const char *what)
{
    const char *is = getenv("CK_CUDA_HOST");
    return is && !strcmp(is, what);
}

/* ---- devices ---- */

cudaError_t cudaRuntimeGetVersion(int *v)
{
    *v = 13000;
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *v)
{
    *v = machine("no-driver") ? 0 : machine("old-driver") ? 12040 : 13000;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int *n)
{
    *n = 0;
    if (machine("no-driver") || machine("old-driver"))
        return cudaErrorInsufficientDriver;
    if (machine("no-device"))
        return cudaErrorNoDevice;
    *n = 2;
    return cudaSuccess;
}

static int none(int which)
{
    int n;
    return cudaGetDeviceCount(&n) != cudaSuccess || which < 0 || which >= n;
}

static size_t memory(void)
{
    const char *told = getenv("CK_CUDA_HOST_MEMORY");
    return told ? strtoull(told, NULL, 10) : (size_t)8 << 30;
}

/* Limits by compute capability: CUDA's programming guide, "Technical Specifications per Compute Capability". */
static const struct limits {
    int arch, shared; /* shared: bytes per thread block */
} archs[] = {{75, 64 << 10},  {80, 163 << 10},  {86, 99 << 10}, {89, 99 << 10},
             {90, 227 << 10}, {100, 227 << 10}, {120, 99 << 10}};

static const struct limits *arch(void)
{
    const char *told = getenv("CK_CUDA_HOST_ARCH");
    int is = machine("old-device") ? 75 : told ? atoi(told) : 90;
    size_t i = 0;
    while (archs[i].arch != is)
        if (++i == sizeof archs / sizeof *archs)
            cuda_host_die("an unknown CK_CUDA_HOST_ARCH");
    return &archs[i];
}

int cuda_host_most_shared(void)
{
    return arch()->shared;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *p, int which)
{
    if (none(which))
        return cudaErrorInvalidDevice;
    snprintf(p->name, sizeof p->name, machine("mig") ? "The CPU itself MIG 1g.10gb" : "The CPU itself");
    p->totalGlobalMem = memory();
    memset(p->uuid.bytes, which, sizeof p->uuid.bytes);
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *v, enum cudaDeviceAttr a, int which)
{
    if (none(which))
        return cudaErrorInvalidDevice;
    if (a == cudaDevAttrComputeMode)
        *v = machine("prohibited")                      ? cudaComputeModeProhibited
             : machine("exclusive") || machine("taken") ? cudaComputeModeExclusiveProcess
                                                        : cudaComputeModeDefault;
    else if (a == cudaDevAttrMultiProcessorCount)
        *v = 3;
    else if (a == cudaDevAttrMaxSharedMemoryPerBlockOptin)
        *v = cuda_host_most_shared();
    else if (a == cudaDevAttrHostRegisterReadOnlySupported)
        *v = !machine("no-read-only");
    else if (a == cudaDevAttrL2CacheSize)
        *v = 1 << 20;
    else if (a == cudaDevAttrComputeCapabilityMajor)
        *v = arch()->arch / 10;
    else
        *v = arch()->arch % 10;
    return cudaSuccess;
}

static _Thread_local int current;

cudaError_t cudaSetDevice(int which)
{
    if (none(which))
        return cudaErrorInvalidDevice;
    current = which;
    return machine("taken") ? cudaErrorDevicesUnavailable : cudaSuccess;
}

int cuda_host_device(void)
{
    return current;
}

/* ---- memory, filled with a pattern that is NaN in every type ---- */

#define HEAD 256 /* bytes before each piece, which hold its size */

static size_t taken;

/* True if this allocation may succeed.  Tests allocate from one thread at a time. */
static int allowed(void)
{
    static char seen[32];
    static long left;
    const char *told = getenv("CK_CUDA_HOST_ALLOCATIONS");
    if (!told)
        return 1;
    if (strcmp(told, seen)) {
        snprintf(seen, sizeof seen, "%s", told);
        left = atol(told);
    }
    return --left != 0;
}

static void *allocate(size_t bytes)
{
    char *q = aligned_alloc(HEAD, HEAD + (bytes + HEAD - 1) / HEAD * HEAD);
    if (!q)
        return NULL;
    *(size_t *)q = bytes;
    return memset(q + HEAD, 0xff, bytes);
}

cudaError_t cudaMalloc(void **p, size_t bytes)
{
    *p = NULL;
    if (cuda_host_capturing())
        return cudaErrorStreamCaptureUnsupported;
    if (!allowed() || bytes > memory() || taken + bytes > memory() || !(*p = allocate(bytes)))
        return cudaErrorMemoryAllocation;
    __atomic_add_fetch(&taken, bytes, __ATOMIC_RELAXED);
    return cudaSuccess;
}

/* Memory freed while work is queued is kept until the queue is empty, filled with NaN: a late read is noticed. */
struct limbo {
    struct limbo *next;
};
static struct limbo *limbo;
static pthread_mutex_t freeing = PTHREAD_MUTEX_INITIALIZER;

static void give_back(void *p)
{
    char *q = (char *)p - HEAD;
    int idle = cuda_host_idle();
    memset(p, 0xff, *(size_t *)q);
    pthread_mutex_lock(&freeing);
    struct limbo *all = (struct limbo *)q;
    all->next = limbo;
    limbo = all;
    while (idle && limbo) {
        all = limbo;
        limbo = all->next;
        free(all);
    }
    pthread_mutex_unlock(&freeing);
}

cudaError_t cudaFree(void *p)
{
    if (!p)
        return cudaSuccess;
    __atomic_sub_fetch(&taken, *(size_t *)((char *)p - HEAD), __ATOMIC_RELAXED);
    give_back(p);
    return cudaSuccess;
}

/* ---- host memory that the device can access ---- */

#define PINNED 64

static struct {
    const char *p;
    size_t bytes;
} pinned[PINNED];
static pthread_mutex_t pinning = PTHREAD_MUTEX_INITIALIZER;

/* Index of the registered piece that contains some of these bytes; -1 if none does. */
static int pinned_at(const char *p, size_t bytes)
{
    for (int i = 0; i < PINNED; i++)
        if (pinned[i].p && p < pinned[i].p + pinned[i].bytes && pinned[i].p < p + bytes)
            return i;
    return -1;
}

int cuda_host_pinned(const void *p, size_t bytes)
{
    pthread_mutex_lock(&pinning);
    int i = pinned_at(p, bytes);
    int whole = i >= 0 && (const char *)p >= pinned[i].p && (const char *)p + bytes <= pinned[i].p + pinned[i].bytes;
    pthread_mutex_unlock(&pinning);
    return whole;
}

static cudaError_t pin(const void *p, size_t bytes)
{
    cudaError_t r = cudaErrorMemoryAllocation;
    pthread_mutex_lock(&pinning);
    if (pinned_at(p, bytes) >= 0)
        r = cudaErrorHostMemoryAlreadyRegistered;
    for (int i = 0; i < PINNED && r == cudaErrorMemoryAllocation; i++)
        if (!pinned[i].p) {
            pinned[i].p = p;
            pinned[i].bytes = bytes;
            r = cudaSuccess;
        }
    pthread_mutex_unlock(&pinning);
    return r;
}

static cudaError_t unpin(const void *p)
{
    cudaError_t r = cudaErrorHostMemoryNotRegistered;
    pthread_mutex_lock(&pinning);
    for (int i = 0; i < PINNED; i++)
        if (pinned[i].p == p) {
            pinned[i].p = NULL;
            r = cudaSuccess;
        }
    pthread_mutex_unlock(&pinning);
    return r;
}

cudaError_t cudaHostAlloc(void **p, size_t bytes, unsigned flags)
{
    (void)flags;
    *p = NULL;
    if (cuda_host_capturing())
        return cudaErrorStreamCaptureUnsupported;
    if (!allowed() || !(*p = allocate(bytes)))
        return cudaErrorMemoryAllocation;
    return pin(*p, bytes);
}

cudaError_t cudaFreeHost(void *p)
{
    if (!p)
        return cudaSuccess;
    cudaError_t r = unpin(p);
    if (r == cudaSuccess)
        give_back(p);
    return r;
}

long cuda_host_registered;

/* True if all of it is mapped for writing. */
static int writable(const char *p, size_t bytes)
{
    FILE *f = fopen("/proc/self/maps", "r");
    char line[4400], rights[8];
    unsigned long from, to, at = (unsigned long)p, end = at + bytes;
    while (f && at < end && fgets(line, sizeof line, f))
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 && from <= at && at < to && rights[1] == 'w')
            at = to;
    if (f)
        fclose(f);
    return at >= end;
}

/* Read-only memory can be registered only with the flag, and only if the device supports it. */
cudaError_t cudaHostRegister(void *p, size_t bytes, unsigned flags)
{
    int read_only = flags & cudaHostRegisterReadOnly;
    if (machine("no-register") || (read_only && machine("no-read-only")))
        return cudaErrorNotSupported;
    if (!read_only && !writable(p, bytes))
        return cudaErrorInvalidValue;
    if (cuda_host_capturing())
        return cudaErrorStreamCaptureUnsupported;
    cudaError_t r = pin(p, bytes);
    if (r == cudaSuccess)
        __atomic_add_fetch(&cuda_host_registered, 1, __ATOMIC_RELAXED);
    return r;
}

cudaError_t cudaHostUnregister(void *p)
{
    if (!cuda_host_idle())
        cuda_host_die("memory of the host is let go while work is queued");
    return unpin(p);
}

cudaError_t cudaMemGetInfo(size_t *left, size_t *all)
{
    *all = memory();
    *left = *all - taken;
    return cudaSuccess;
}

cudaError_t cudaGetLastError(void)
{
    return cudaSuccess;
}

const char *cudaGetErrorString(cudaError_t r)
{
    return r == cudaErrorMemoryAllocation ? "out of memory"
           : r == cudaErrorInvalidDevice  ? "invalid device ordinal"
                                          : "some other error";
}

/* ---- products ---- */

struct cuda_host_lt {
    int unused;
};

struct cuda_host_desc {
    cublasOperation_t a;
    cublasLtEpilogue_t epilogue;
    const void *bias; /* in y's type */
    int tf32;
};

struct cuda_host_layout {
    cudaDataType_t type;
    uint64_t rows, cols;
    int64_t ld;
};

struct cuda_host_preference {
    uint32_t aligned[4]; /* alignment in bytes of a, b, c, y */
};

#define MAKE(p) ((*(p) = calloc(1, sizeof **(p))) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_ALLOC_FAILED)

size_t cublasLtGetVersion(void)
{
    return 130000;
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t *h)
{
    return MAKE(h);
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t h)
{
    free(h);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *d, cublasComputeType_t compute, cudaDataType_t scale)
{
    if ((compute != CUBLAS_COMPUTE_32F && compute != CUBLAS_COMPUTE_32F_FAST_TF32) || scale != CUDA_R_32F)
        return CUBLAS_STATUS_INVALID_VALUE;
    cublasStatus_t s = MAKE(d);
    if (s == CUBLAS_STATUS_SUCCESS)
        (*d)->tf32 = compute == CUBLAS_COMPUTE_32F_FAST_TF32;
    return s;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t d, cublasLtMatmulDescAttributes_t a, const void *v,
                                              size_t size)
{
    void *to = a == CUBLASLT_MATMUL_DESC_TRANSA     ? (void *)&d->a
               : a == CUBLASLT_MATMUL_DESC_EPILOGUE ? (void *)&d->epilogue
                                                    : (void *)&d->bias;
    if (size != (a == CUBLASLT_MATMUL_DESC_BIAS_POINTER ? sizeof d->bias : sizeof d->a))
        return CUBLAS_STATUS_INVALID_VALUE;
    memcpy(to, v, size);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t d)
{
    free(d);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *l, cudaDataType_t type, uint64_t rows, uint64_t cols,
                                          int64_t ld)
{
    if (ld < (int64_t)rows || MAKE(l) != CUBLAS_STATUS_SUCCESS)
        return CUBLAS_STATUS_INVALID_VALUE;
    **l = (struct cuda_host_layout){type, rows, cols, ld};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t l)
{
    free(l);
    return CUBLAS_STATUS_SUCCESS;
}

/* The library assumes operands aligned to 256 bytes unless told otherwise. */
cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *p)
{
    cublasStatus_t s = MAKE(p);
    for (int i = 0; s == CUBLAS_STATUS_SUCCESS && i < 4; i++)
        (*p)->aligned[i] = 256;
    return s;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t p,
                                                    cublasLtMatmulPreferenceAttributes_t a, const void *v, size_t size)
{
    int i = (int)a - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES;
    if (size != (a == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES ? sizeof(size_t) : sizeof(uint32_t)))
        return CUBLAS_STATUS_INVALID_VALUE;
    if (i >= 0)
        memcpy(&p->aligned[i], v, size);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t p)
{
    free(p);
    return CUBLAS_STATUS_SUCCESS;
}

static int fits(const struct cuda_host_desc *how, const struct cuda_host_layout *a, const struct cuda_host_layout *b,
                const struct cuda_host_layout *c, const struct cuda_host_layout *y)
{
    uint64_t m = how->a == CUBLAS_OP_T ? a->cols : a->rows, k = how->a == CUBLAS_OP_T ? a->rows : a->cols;
    return k == b->rows && m == y->rows && b->cols == y->cols && c->rows == y->rows && c->cols == y->cols &&
           a->type == b->type && c->type == y->type && (y->type == CUDA_R_32F || y->type == a->type);
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t h, cublasLtMatmulDesc_t d, cublasLtMatrixLayout_t a,
                                              cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                                              cublasLtMatrixLayout_t y, cublasLtMatmulPreference_t p, int wanted,
                                              cublasLtMatmulHeuristicResult_t found[], int *n)
{
    *n = 0;
    if (!h || !fits(d, a, b, c, y) || wanted < 1)
        return CUBLAS_STATUS_INVALID_VALUE;
    /* Of several candidates the library cannot run the first, as may happen: only the others' state says success. */
    for (*n = 0; *n < wanted && *n < 2; ++*n) {
        bool unfit = machine("no-product") || (wanted > 1 && *n == 0);
        found[*n] =
            (cublasLtMatmulHeuristicResult_t){.state = unfit ? CUBLAS_STATUS_NOT_SUPPORTED : CUBLAS_STATUS_SUCCESS};
        for (int i = 0; i < 4; i++)
            found[*n].algo.data[i] = unfit ? UINT64_MAX : p->aligned[i];
    }
    return CUBLAS_STATUS_SUCCESS;
}

static float value(cudaDataType_t type, const void *p, uint64_t at)
{
    return type == CUDA_R_16F    ? (float)((const cuda_host_half *)p)[at]
           : type == CUDA_R_16BF ? cuda_host_from_bf16(((const cuda_host_bf16 *)p)[at])
                                 : ((const float *)p)[at];
}

static void set_value(cudaDataType_t type, void *p, uint64_t at, float v)
{
    if (type == CUDA_R_16F)
        ((cuda_host_half *)p)[at] = (cuda_host_half)v;
    else if (type == CUDA_R_16BF)
        ((cuda_host_bf16 *)p)[at] = cuda_host_to_bf16(v);
    else
        ((float *)p)[at] = v;
}

/* All values of an operand as float32, columns contiguous; NULL when out of memory. */
static float *values(const struct cuda_host_desc *how, const void *p, const struct cuda_host_layout *l)
{
    float *all = malloc((l->rows * l->cols + 1) * sizeof *all);
    for (uint64_t i = 0; all && i < l->rows * l->cols; i++) {
        uint64_t at = i / l->rows * (uint64_t)l->ld + i % l->rows;
        float v = value(l->type, p, at);
        all[i] = how->tf32 ? cuda_host_rounded(v, 19) : v;
    }
    return all;
}

/* Compute column n of y, rounded once; `a` and `b` are contiguous. */
static void column(const struct cuda_host_desc *how, const float *a, const struct cuda_host_layout *la, const float *b,
                   uint64_t k, float beta, const void *c, const struct cuda_host_layout *lc, void *y,
                   const struct cuda_host_layout *ly, uint64_t n)
{
    for (uint64_t i = 0; i < ly->rows; i++) {
        float sum = 0;
        for (uint64_t j = 0; j < k; j++)
            sum += (how->a == CUBLAS_OP_T ? a[i * la->rows + j] : a[j * la->rows + i]) * b[j];
        if (beta != 0)
            sum += beta * value(lc->type, c, n * (uint64_t)lc->ld + i);
        if (how->epilogue == CUBLASLT_EPILOGUE_BIAS)
            sum += value(ly->type, how->bias, i);
        set_value(ly->type, y, n * (uint64_t)ly->ld + i, sum);
    }
}

/* Copy of all that a queued product needs. */
struct product {
    struct cuda_host_desc how;
    struct cuda_host_layout la, lb, lc, ly;
    const void *a, *b, *c;
    void *y;
    float beta;
};

static void multiply(void *args)
{
    const struct product *p = args;
    float *va = values(&p->how, p->a, &p->la), *vb = values(&p->how, p->b, &p->lb);
    if (!va || !vb)
        cuda_host_die("out of memory for a product");
    for (uint64_t i = 0; i < p->ly.cols - (uint64_t)cuda_host_faulty_products(); i++)
        column(&p->how, va, &p->la, vb + i * p->lb.rows, p->lb.rows, p->beta, p->c, &p->lc, p->y, &p->ly, i);
    free(va);
    free(vb);
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t h, cublasLtMatmulDesc_t how, const void *alpha, const void *a,
                              cublasLtMatrixLayout_t la, const void *b, cublasLtMatrixLayout_t lb, const void *beta,
                              const void *c, cublasLtMatrixLayout_t lc, void *y, cublasLtMatrixLayout_t ly,
                              const cublasLtMatmulAlgo_t *algo, void *workspace, size_t room, cudaStream_t stream)
{
    const void *all[] = {a, b, c, y};
    if (!h || !stream || !workspace || !room || !fits(how, la, lb, lc, ly) || *(const float *)alpha != 1)
        return CUBLAS_STATUS_INVALID_VALUE;
    for (int i = 0; i < 4; i++)
        if ((uintptr_t)all[i] % algo->data[i])
            return CUBLAS_STATUS_INVALID_VALUE;
    struct product p = {*how, *la, *lb, *lc, *ly, a, b, c, y, *(const float *)beta};
    cuda_host_queue(stream, multiply, &p, sizeof p);
    return CUBLAS_STATUS_SUCCESS;
}
