/* Pooling, GELU, and what is done pixel by pixel before, between and after the network's halves. */
#include "nn/cuda/kernel.h"

#define THREADS 256

/* ---- a thread a sample ---- */

__global__ void pool(ck_nn_tensor x, ck_nn_tensor y)
{
    size_t i = thread_number(), pixel = i / (size_t)y.c;
    int c = (int)(i % (size_t)y.c);
    if (pixel >= (size_t)y.h * (size_t)y.w)
        return;
    int v = 2 * (int)(pixel / (size_t)y.w), u = 2 * (int)(pixel % (size_t)y.w);
    at(y, pixel)[c] =
        fmaxf(fmaxf(at(x, v, u)[c], at(x, v, u + 1)[c]), fmaxf(at(x, v + 1, u)[c], at(x, v + 1, u + 1)[c]));
}

void cuda_pool(ck_nn *dev, const ck_nn_step *s)
{
    cuda_device *d = cuda_of(dev);
    CUDA_LAUNCH(pool, grid_for(ck_nn_pixels(&s->y) * (size_t)s->y.c, THREADS), THREADS, d->stream, s->x[0], s->y);
    cuda_launched(d, s);
}

/* x/2 (1 + erf(x/sqrt 2)), without the difference of nearly equal numbers. */
__global__ void gelu(const float *x, int ld, ck_nn_tensor add, ck_nn_tensor y)
{
    size_t i = thread_number(), pixel = i / (size_t)y.c, c = i % (size_t)y.c;
    if (pixel >= (size_t)y.h * (size_t)y.w)
        return;
    float v = x[pixel * (size_t)ld + c];
    v = 0.5f * v * erfcf(v * -(float)M_SQRT1_2);
    at(y, pixel)[c] = add.h ? v + at(add, pixel)[c] : v;
}

void cuda_gelu(cuda_device *d, const ck_nn_step *s, const float *x, int ld)
{
    CUDA_LAUNCH(gelu, grid_for(ck_nn_pixels(&s->y) * (size_t)s->y.c, THREADS), THREADS, d->stream, x, ld, s->x[1],
                s->y);
    cuda_launched(d, s);
}

/* ---- heads: few outputs of many channels ---- */

struct levels {
    ck_nn_tensor x[CK_NN_INPUTS];
    int n;
};

/* The four pixels of a level around a pixel of y, and how they mix. */
struct around {
    const float *a, *b, *c, *d;
    float fy, fx;
};

__device__ static inline around around_of(const ck_nn_tensor &t, int y, int x, int h, int w)
{
    tap v = tap_at(y, t.h, h), u = tap_at(x, t.w, w);
    around r = {at(t, v.i0, u.i0), at(t, v.i0, u.i1), at(t, v.i1, u.i0), at(t, v.i1, u.i1), v.f, u.f};
    return r;
}

/* A warp a pixel, each lane every WARPth channel. */
__global__ void fuse(levels all, const float *w, const float *bias, ck_nn_tensor y)
{
    size_t pixel = thread_number() / WARP;
    int lane = threadIdx.x % WARP, channels = all.x[0].c;
    if (pixel >= (size_t)y.h * (size_t)y.w)
        return;
    int v = (int)(pixel / (size_t)y.w), u = (int)(pixel % (size_t)y.w);
    around near[CK_NN_INPUTS];
    for (int k = 1; k < CK_NN_INPUTS; k++)
        if (k < all.n)
            near[k] = around_of(all.x[k], v, u, y.h, y.w);
    float sum[CK_NN_HEADS_MAX] = {0};
    for (int c = lane; c < channels; c += WARP) {
        float in = at(all.x[0], pixel)[c];
        for (int k = 1; k < CK_NN_INPUTS; k++)
            if (k < all.n)
                in += between(near[k].a + c, near[k].b + c, near[k].c + c, near[k].d + c, near[k].fy, near[k].fx);
        in = relu(in);
        for (int o = 0; o < CK_NN_HEADS_MAX; o++)
            if (o < y.c)
                sum[o] = fmaf(in, w[o * channels + c], sum[o]);
    }
    for (int o = 0; o < CK_NN_HEADS_MAX; o++)
        if (o < y.c) {
            float all_lanes = lanes_sum(sum[o], WARP);
            if (lane == 0)
                *planar(y, o, v, u) = all_lanes + bias[o];
        }
}

void cuda_fuse(ck_nn *dev, const ck_nn_step *s)
{
    cuda_device *d = cuda_of(dev);
    levels all = {{s->x[0], s->x[1], s->x[2], s->x[3]}, 1};
    while (all.n < CK_NN_INPUTS && ck_nn_has(&s->x[all.n]))
        all.n++;
    CUDA_LAUNCH(fuse, grid_for(ck_nn_pixels(&s->y) * WARP, THREADS), THREADS, d->stream, all, s->weight->w,
                s->weight->bias, s->y);
    cuda_launched(d, s);
}

/* A thread block a block of pixels, a thread a pixel. */
__global__ void head(ck_nn_tensor x, ck_nn_tensor norm, ck_nn_tensor add, const float *w, const float *bias,
                     ck_nn_tensor y, const int *list)
{
    ck_nn_area a = block_area(y, list, blockIdx.x);
    const float *scale = (const float *)norm.data, *shift = scale + x.c;
    int across = a.x1 - a.x0, n = (a.y1 - a.y0) * across;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        int v = a.y0 + i / across, u = a.x0 + i % across;
        float sum[CK_NN_HEADS_MAX] = {0};
        for (int c = 0; c < x.c; c++) {
            float in = relu(at(x, v, u)[c] * scale[c] + shift[c] + (add.h ? at(add, v, u)[c] : 0));
            for (int o = 0; o < CK_NN_HEADS_MAX; o++)
                if (o < y.c)
                    sum[o] = fmaf(in, w[o * x.c + c], sum[o]);
        }
        for (int o = 0; o < CK_NN_HEADS_MAX; o++)
            if (o < y.c)
                *planar(y, o, v, u) = sum[o] + bias[o];
    }
}

void cuda_head(ck_nn *dev, const ck_nn_step *s)
{
    int n;
    cuda_device *d = cuda_of(dev);
    const int *list = cuda_blocks(d, s, &n);
    CUDA_LAUNCH(head, (unsigned)n, THREADS, d->stream, s->x[0], s->x[1], s->x[2], s->weight->w, s->weight->bias, s->y,
                list);
    cuda_launched(d, s);
}

/* ---- probabilities ---- */

__device__ static inline float sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

/* A planar sample, enlarged to h x w. */
__device__ static inline float enlarged(const ck_nn_tensor &t, int c, int y, int x, int h, int w)
{
    tap v = tap_at(y, t.h, h), u = tap_at(x, t.w, w);
    return between(planar(t, c, v.i0, u.i0), planar(t, c, v.i0, u.i1), planar(t, c, v.i1, u.i0),
                   planar(t, c, v.i1, u.i1), v.f, u.f);
}

__global__ void coarse(ck_nn_tensor rgb, ck_nn_tensor logits, ck_nn_tensor y, const int *list)
{
    ck_nn_area a = block_area(y, list, blockIdx.x);
    int across = a.x1 - a.x0, n = (a.y1 - a.y0) * across;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        int v = a.y0 + i / across, u = a.x0 + i % across;
        float *to = at(y, v, u);
        for (int c = 0; c < y.c; c++)
            to[c] = c < rgb.c ? *planar(rgb, c, v, u) : sigmoid(enlarged(logits, c - rgb.c, v, u, y.h, y.w));
    }
}

void cuda_coarse(ck_nn *dev, const ck_nn_step *s)
{
    int n;
    cuda_device *d = cuda_of(dev);
    const int *list = cuda_blocks(d, s, &n);
    CUDA_LAUNCH(coarse, (unsigned)n, THREADS, d->stream, s->x[0], s->x[1], s->y, list);
    cuda_launched(d, s);
}

__global__ void finish(ck_nn_tensor logits, ck_nn_tensor delta, float gain, ck_nn_tensor y, const int *list)
{
    ck_nn_area a = block_area(y, list, blockIdx.x);
    int across = a.x1 - a.x0, n = (a.y1 - a.y0) * across;
    for (int i = threadIdx.x; i < n * y.c; i += blockDim.x) {
        int c = i / n, v = a.y0 + i % n / across, u = a.x0 + i % n % across;
        float logit = enlarged(logits, c, v, u, y.h, y.w);
        *planar(y, c, v, u) = sigmoid(delta.h ? logit + *planar(delta, c, v, u) * gain : logit);
    }
}

void cuda_finish(ck_nn *dev, const ck_nn_step *s)
{
    int n;
    cuda_device *d = cuda_of(dev);
    const int *list = cuda_blocks(d, s, &n);
    CUDA_LAUNCH(finish, (unsigned)n, THREADS, d->stream, s->x[0], s->x[1], s->gain, s->y, list);
    cuda_launched(d, s);
}
