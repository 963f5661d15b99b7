/* Measured peak rates of the device, as ceilings for other measurements.
 *
 *     device_rates [SIDE [REPEATS [DEVICE]]]        8192 20 0
 *
 * Prints lines "NAME RATE".  First floating-point operations per second of a product of SIDE x SIDE matrices by
 * cuBLASLt, for each operand type, with sums and result in float32.  Then bytes per second, read and written, of a copy
 * within the device of four such results.  Best of three series of REPEATS, after a warm-up series.  Operands are
 * random: products of zeros can be faster than any real ones. */
#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORKSPACE ((size_t)32 << 20)

static cudaStream_t stream;
static cublasLtHandle_t lt;
static void *workspace;

static void die(const char *what)
{
    fprintf(stderr, "device_rates: %s\n", what);
    exit(1);
}

static void need(cudaError_t r, const char *what)
{
    if (r != cudaSuccess) {
        fprintf(stderr, "device_rates: cannot %s: %s\n", what, cudaGetErrorString(r));
        exit(1);
    }
}

static void need_lt(cublasStatus_t r, const char *what)
{
    if (r != CUBLAS_STATUS_SUCCESS) {
        fprintf(stderr, "device_rates: cuBLASLt cannot %s: its status %d\n", what, (int)r);
        exit(1);
    }
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Best seconds per call, over series of `n` calls. */
static double best(void (*call)(void *ctx), void *ctx, int n)
{
    double least = 1e30;
    for (int series = 0; series < 4; series++) {
        need(cudaStreamSynchronize(stream), "wait");
        double start = seconds();
        for (int i = 0; i < n; i++)
            call(ctx);
        need(cudaStreamSynchronize(stream), "finish");
        double each = (seconds() - start) / n;
        least = series && each < least ? each : least;
    }
    return least;
}

/* ---- products ---- */

typedef struct precision {
    const char *name;
    cudaDataType_t type;
    cublasComputeType_t compute;
    size_t size;
} precision;

typedef struct product {
    void *a, *b;
    float *y;
    cublasLtMatmulDesc_t how;
    cublasLtMatrixLayout_t in, out;
    cublasLtMatmulAlgo_t algo;
} product;

/* Random numbers in -1 … 1: random sign and fraction, exponent just below that of 1. */
static void *operand(const precision *p, size_t n)
{
    unsigned char *host = malloc(n * p->size), *device;
    unsigned long long seed = 88172645463325252ull;
    if (!host)
        die("out of memory");
    for (size_t i = 0; i < n; i++) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        unsigned v = (unsigned)(seed >> 32);
        unsigned short half = (unsigned short)((v & 0x83ffu) | 0x3800u),
                       bf16 = (unsigned short)((v & 0x807fu) | 0x3f00u);
        unsigned single = (v & 0x807fffffu) | 0x3f000000u;
        memcpy(host + i * p->size,
               p->type == CUDA_R_16F    ? (void *)&half
               : p->type == CUDA_R_16BF ? (void *)&bf16
                                        : (void *)&single,
               p->size);
    }
    need(cudaMalloc((void **)&device, n * p->size), "take memory");
    need(cudaMemcpy(device, host, n * p->size, cudaMemcpyHostToDevice), "copy operands");
    need(cudaStreamSynchronize(NULL), "copy operands"); /* our stream does not wait for the default stream */
    free(host);
    return device;
}

static void multiply(void *ctx)
{
    product *p = ctx;
    float one = 1, none = 0;
    need_lt(cublasLtMatmul(lt, p->how, &one, p->a, p->in, p->b, p->in, &none, p->y, p->out, p->y, p->out, &p->algo,
                           workspace, WORKSPACE, stream),
            "multiply");
}

static void choose(product *p)
{
    cublasLtMatmulPreference_t want;
    cublasLtMatmulHeuristicResult_t found;
    size_t room = WORKSPACE;
    int n = 0;
    need_lt(cublasLtMatmulPreferenceCreate(&want), "choose");
    need_lt(cublasLtMatmulPreferenceSetAttribute(want, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &room, sizeof room),
            "choose");
    need_lt(cublasLtMatmulAlgoGetHeuristic(lt, p->how, p->in, p->in, p->out, p->out, want, 1, &found, &n), "choose");
    if (n < 1)
        die("cuBLASLt knows no such product");
    p->algo = found.algo;
    cublasLtMatmulPreferenceDestroy(want);
}

static void measure_product(const precision *t, int side, int repeats)
{
    size_t n = (size_t)side * (size_t)side;
    cublasOperation_t turned = CUBLAS_OP_T;
    product p = {.a = operand(t, n), .b = operand(t, n)};
    need(cudaMalloc((void **)&p.y, n * sizeof *p.y), "take memory");
    need_lt(cublasLtMatmulDescCreate(&p.how, t->compute, CUDA_R_32F), "describe a product");
    need_lt(cublasLtMatmulDescSetAttribute(p.how, CUBLASLT_MATMUL_DESC_TRANSA, &turned, sizeof turned), "transpose");
    need_lt(cublasLtMatrixLayoutCreate(&p.in, t->type, (unsigned)side, (unsigned)side, side), "describe a matrix");
    need_lt(cublasLtMatrixLayoutCreate(&p.out, CUDA_R_32F, (unsigned)side, (unsigned)side, side), "describe a matrix");
    choose(&p);
    printf("%s %.4g\n", t->name, 2 * (double)side * (double)n / best(multiply, &p, repeats));
    cublasLtMatrixLayoutDestroy(p.in);
    cublasLtMatrixLayoutDestroy(p.out);
    cublasLtMatmulDescDestroy(p.how);
    cudaFree(p.a);
    cudaFree(p.b);
    cudaFree(p.y);
}

/* ---- copies ---- */

typedef struct copy {
    void *from, *to;
    size_t bytes;
} copy;

static void copy_once(void *ctx)
{
    copy *c = ctx;
    need(cudaMemcpyAsync(c->to, c->from, c->bytes, cudaMemcpyDeviceToDevice, stream), "copy");
}

static void measure_copy(int side, int repeats)
{
    static const precision f32 = {"f32", CUDA_R_32F, CUBLAS_COMPUTE_32F, sizeof(float)};
    size_t n = 4 * (size_t)side * (size_t)side;
    copy c = {.from = operand(&f32, n), .bytes = n * sizeof(float)};
    need(cudaMalloc(&c.to, c.bytes), "take memory");
    printf("copy %.4g\n", 2 * (double)c.bytes / best(copy_once, &c, repeats));
    cudaFree(c.from);
    cudaFree(c.to);
}

int main(int argc, char **argv)
{
    static const precision all[] = {{"f16", CUDA_R_16F, CUBLAS_COMPUTE_32F, 2},
                                    {"bf16", CUDA_R_16BF, CUBLAS_COMPUTE_32F, 2},
                                    {"tf32", CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, 4},
                                    {"f32", CUDA_R_32F, CUBLAS_COMPUTE_32F, 4}};
    int side = argc > 1 ? atoi(argv[1]) : 8192, repeats = argc > 2 ? atoi(argv[2]) : 20;
    if (side < 16 || side > 32768 || side % 16 || repeats < 1)
        die("usage: device_rates [SIDE [REPEATS [DEVICE]]], SIDE a multiple of 16 up to 32768");
    need(cudaSetDevice(argc > 3 ? atoi(argv[3]) : 0), "take the device");
    need(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "make a stream");
    need(cudaMalloc(&workspace, WORKSPACE), "take memory");
    need_lt(cublasLtCreate(&lt), "start");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        measure_product(&all[i], side, repeats);
    measure_copy(side, repeats);
    cublasLtDestroy(lt);
    cudaFree(workspace);
    cudaStreamDestroy(stream);
    return 0;
}
