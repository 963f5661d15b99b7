/* The device: opening, memory, copies, failures, and the backend's table. */
#include <stdlib.h>
#include <string.h>

#include "nn/cuda/frames.h"
#include "nn/plugin.h"

static const ck_nn_backend backend;

ck_cuda_device *ck_cuda_of(ck_nn *dev)
{
    ck_cuda_device *d = (ck_cuda_device *)dev;
    cudaSetDevice(d->which);
    return d;
}

ck_status ck_cuda_check(cudaError_t r, const char *what, ck_error *e)
{
    if (r == cudaSuccess)
        return CK_OK;
    (void)cudaGetLastError(); /* cleared, or the next launch would report it again */
    return ck_fail(e, r == cudaErrorMemoryAllocation ? CK_ERR_MEMORY : CK_ERR_IO, "cannot %s: CUDA error '%s'", what,
                   cudaGetErrorString(r));
}

void ck_cuda_fail(ck_cuda_device *d, ck_status s, const ck_error *e)
{
    if (d->failed == CK_OK && s != CK_OK) {
        d->failed = s;
        d->error = *e;
    }
}

void ck_cuda_launched(ck_cuda_device *d, const ck_nn_step *s)
{
    ck_error e;
    ck_status st = ck_cuda_check(cudaGetLastError(), "start a kernel", &e);
    if (st != CK_OK)
        ck_cuda_fail(d, ck_fail_in(&e, st, s->label), &e);
}

/* ---- opening ---- */

static void close_device(ck_nn *dev)
{
    if (!dev)
        return;
    ck_cuda_device *d = ck_cuda_of(dev);
    if (d->stream)
        cudaStreamSynchronize(d->stream);
    ck_cuda_frames_close(d);
    ck_cuda_free_products(d);
    ck_cuda_free_weights(d);
    if (d->lt)
        cublasLtDestroy(d->lt);
    cudaFree(d->workspace);
    cudaFree(d->list);
    free(d->listed);
    if (d->stream)
        cudaStreamDestroy(d->stream);
    free(d);
}

/* The first call that needs a context, cudaFree, creates it. */
static ck_status start(ck_cuda_device *d, ck_error *e)
{
    cudaError_t r = cudaSetDevice(d->which);
    if (r == cudaSuccess)
        r = cudaFree(NULL);
    if (r == cudaErrorDevicesUnavailable)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "cuda:%d is in exclusive-process mode and another process has it",
                       d->which);
    ck_status s = ck_cuda_check(r, "start a context on the device", e);
    if (s == CK_OK)
        s = ck_cuda_check(cudaStreamCreateWithFlags(&d->stream, cudaStreamNonBlocking), "make a stream", e);
    if (s == CK_OK)
        s = ck_cuda_check(cudaMalloc(&d->workspace, CK_CUDA_WORKSPACE), "allocate 32 MiB on the device", e);
    int shared = 0, l2 = 0;
    const struct {
        enum cudaDeviceAttr name;
        int *to;
    } limits[] = {{cudaDevAttrMultiProcessorCount, &d->processors},
                  {cudaDevAttrMaxSharedMemoryPerBlockOptin, &shared},
                  {cudaDevAttrL2CacheSize, &l2}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits && s == CK_OK; i++)
        s = ck_cuda_check(cudaDeviceGetAttribute(limits[i].to, limits[i].name, d->which), "ask for a device's limits",
                          e);
    d->shared = (size_t)shared;
    d->l2 = (size_t)l2;
    if (s == CK_OK && cublasLtCreate(&d->lt) != CUBLAS_STATUS_SUCCESS)
        s = ck_fail(e, CK_ERR_UNSUPPORTED, "cuBLASLt cannot start on cuda:%d", d->which);
    return s == CK_OK ? ck_cuda_frames_open(d, e) : s;
}

static ck_status open_device(int which, int threads, ck_nn **dev, ck_error *e)
{
    (void)threads;
    int count;
    ck_status s = ck_cuda_usable(&count, e);
    if (s == CK_OK && which >= count)
        return ck_fail(e, CK_ERR_ARGUMENT, "no device cuda:%d: the last is cuda:%d", which, count - 1);
    if (s == CK_OK)
        s = ck_cuda_suits(which, e);
    if (s != CK_OK)
        return s;
    ck_cuda_device *d = calloc(1, sizeof *d);
    if (!d)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a device");
    d->base.ops = &backend;
    d->which = which;
    s = start(d, e);
    if (s != CK_OK) {
        close_device(&d->base);
        return s;
    }
    *dev = &d->base;
    return CK_OK;
}

static ck_status set_precision(ck_nn *dev, ck_nn_precision p, ck_error *e)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    bool late = p != d->base.precision && (d->weights || d->products);
    if (late)
        return ck_fail(e, CK_ERR_ARGUMENT, "the precision was changed after weights were packed");
    dev->act = p == CK_NN_PRECISION_F16 ? CK_NN_F16 : p == CK_NN_PRECISION_BF16 ? CK_NN_BF16 : CK_NN_F32;
    return CK_OK;
}

/* ---- memory ---- */

static size_t available(ck_nn *dev)
{
    size_t left = 0, all = 0;
    ck_cuda_of(dev);
    return cudaMemGetInfo(&left, &all) == cudaSuccess ? left : 0;
}

static ck_status reserve(ck_nn *dev, size_t bytes, void **out, ck_error *e)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    *out = NULL;
    cudaError_t r = cudaMalloc(out, bytes ? bytes : 1);
    if (r != cudaErrorMemoryAllocation)
        return ck_cuda_check(r, "allocate memory on the device", e);
    (void)cudaGetLastError();
    return ck_fail(e, CK_ERR_MEMORY,
                   "out of memory on cuda:%d: the network needs %.1f MB besides its weights, %.1f MB are free",
                   d->which, (double)bytes * 1e-6, (double)available(dev) * 1e-6);
}

static void release(ck_nn *dev, void *p)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    cudaStreamSynchronize(d->stream);
    cudaFree(p);
}

static void copy(ck_nn *dev, void *to, const void *from, const ck_nn_tensor *t, enum cudaMemcpyKind kind)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    ck_error e;
    size_t bytes = ck_nn_pixels(t) * (size_t)t->c * sizeof(float);
    ck_cuda_fail(d, ck_cuda_check(cudaMemcpyAsync(to, from, bytes, kind, d->stream), "copy a plane", &e), &e);
}

static void upload(ck_nn *dev, const ck_nn_tensor *t, const float *src)
{
    copy(dev, t->data, src, t, cudaMemcpyHostToDevice);
}

static void download(ck_nn *dev, const ck_nn_tensor *t, float *dst)
{
    copy(dev, dst, t->data, t, cudaMemcpyDeviceToHost);
}

/* ---- lists of blocks and tokens ---- */

static ck_status grow_list(ck_cuda_device *d, int n, ck_error *e)
{
    if (n <= d->cap_list)
        return CK_OK;
    cudaStreamSynchronize(d->stream);
    cudaFree(d->list);
    free(d->listed);
    d->list = NULL;
    d->cap_list = d->n_listed = 0;
    d->listed = malloc((size_t)n * sizeof *d->listed);
    if (!d->listed)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a list of %d", n);
    ck_status s = ck_cuda_check(cudaMalloc((void **)&d->list, (size_t)n * sizeof *d->list), "keep a list", e);
    d->cap_list = s == CK_OK ? n : 0;
    return s;
}

/* A list of *n numbers on the device; `all`: the largest length.  After a failure *n is 0. */
static const int *listed(ck_cuda_device *d, const int *list, int all, int *n)
{
    ck_error e;
    size_t bytes = (size_t)*n * sizeof *list;
    if (d->n_listed == *n && !memcmp(d->listed, list, bytes))
        return d->list;
    ck_status st = grow_list(d, all, &e);
    if (st == CK_OK) {
        memcpy(d->listed, list, bytes);
        d->n_listed = *n;
        st = ck_cuda_check(cudaMemcpyAsync(d->list, d->listed, bytes, cudaMemcpyHostToDevice, d->stream), "copy a list",
                           &e);
    }
    ck_cuda_fail(d, st, &e);
    d->n_listed = st == CK_OK ? d->n_listed : 0;
    *n = st == CK_OK ? *n : 0;
    return d->list;
}

const int *ck_cuda_blocks(ck_cuda_device *d, const ck_nn_step *s, int *n)
{
    int all = ck_nn_blocks(s->y.h) * ck_nn_blocks(s->y.w);
    *n = ck_nn_in_part(s) ? s->part->n : all;
    return ck_nn_in_part(s) ? listed(d, s->part->block, all, n) : NULL;
}

const int *ck_cuda_rows(ck_cuda_device *d, const ck_nn_step *s, int *n)
{
    int all = s->y.h * s->y.w;
    *n = s->rows ? s->rows->n : all;
    return s->rows ? listed(d, s->rows->row, all, n) : NULL;
}

/* ---- steps ---- */

static ck_status prepare(ck_nn *dev, ck_nn_step *s, size_t *scratch, ck_error *e)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    *scratch = 0;
    ck_status st = s->rows   ? grow_list(d, s->y.h * s->y.w, e)
                   : s->part ? grow_list(d, ck_nn_blocks(s->y.h) * ck_nn_blocks(s->y.w), e)
                             : CK_OK;
    return st == CK_OK ? ck_cuda_prepare(d, s, scratch, e) : st;
}

static ck_status sync(ck_nn *dev, ck_error *e)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    ck_error end;
    ck_status s = ck_cuda_check(cudaStreamSynchronize(d->stream), "finish a frame", &end);
    ck_cuda_fail(d, s, &end);
    s = d->failed;
    if (s != CK_OK && e)
        *e = d->error;
    d->failed = CK_OK;
    return s;
}

static const ck_nn_backend backend = {.name = "cuda",
                                      .host = false,
                                      .open = open_device,
                                      .close = close_device,
                                      .describe = ck_cuda_describe,
                                      .set_precision = set_precision,
                                      .automatic = CK_NN_PRECISION_F16,
                                      .reserve = reserve,
                                      .release = release,
                                      .available = available,
                                      .pack = ck_cuda_pack,
                                      .prepare = prepare,
                                      .sync = sync,
                                      .record = ck_cuda_record,
                                      .recorded = ck_cuda_recorded,
                                      .replay = ck_cuda_replay,
                                      .forget = ck_cuda_forget,
                                      .frames = &ck_cuda_frames_table,
                                      .upload = upload,
                                      .download = download,
                                      .kernel = ck_cuda_kernel_name,
                                      .without = ck_cuda_without,
                                      .identify = ck_cuda_identify,
                                      .run = {[0 ... CK_NN_OPS - 1] = ck_cuda_run}};

__attribute__((visibility("default"))) const void *ck_nn_plugin(unsigned long version);

const void *ck_nn_plugin(unsigned long version)
{
    return version == CK_NN_PLUGIN_VERSION ? &backend : NULL;
}
