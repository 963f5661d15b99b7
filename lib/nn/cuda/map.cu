/* Pooling, GELU, bilinear enlargement, heads, and the refiner's first and last steps. */
#include "nn/cuda/element.h"

#define THREADS 256

/* ---- a thread per sample ---- */

static __global__ void pool(ck_nn_tensor x, ck_nn_tensor y)
{
    size_t i = thread_number(), pixel = i / (size_t)y.c;
    int c = (int)(i % (size_t)y.c);
    if (pixel >= (size_t)y.h * (size_t)y.w)
        return;
    int v = 2 * (int)(pixel / (size_t)y.w), u = 2 * (int)(pixel % (size_t)y.w);
    size_t a = index_of(x, v, u) + (size_t)c, b = index_of(x, v + 1, u) + (size_t)c, ld = (size_t)x.ld;
    put(y, index_of(y, pixel) + (size_t)c, fmaxf(fmaxf(get(x, a), get(x, a + ld)), fmaxf(get(x, b), get(x, b + ld))));
}

/* Eight channels per thread. */
template <typename T> static __global__ void pool_8(ck_nn_tensor x, ck_nn_tensor y)
{
    size_t i = thread_number(), each = (size_t)y.c / VECTOR, pixel = i / each;
    if (pixel >= (size_t)y.h * (size_t)y.w)
        return;
    int v = 2 * (int)(pixel / (size_t)y.w), u = 2 * (int)(pixel % (size_t)y.w), c = (int)(i % each) * VECTOR;
    const T *from = (const T *)x.data + index_of(x, v, u) + c, *below = from + (size_t)x.w * (size_t)x.ld;
    ck_cuda_vec8 a = get_8(from), b = get_8(from + x.ld), d = get_8(below), e = get_8(below + x.ld);
    UNROLL
    for (int k = 0; k < VECTOR; k++)
        a.v[k] = fmaxf(fmaxf(a.v[k], b.v[k]), fmaxf(d.v[k], e.v[k]));
    put_8((T *)y.data + index_of(y, pixel) + c, a);
}

bool ck_cuda_pool_8_serves(const ck_cuda_device *, const ck_nn_step *s, ck_error *why)
{
    return ck_cuda_same_types(&s->x[0], &s->y, why) && ck_cuda_in_vectors(&s->x[0], why) &&
           ck_cuda_in_vectors(&s->y, why);
}

void ck_cuda_pool_8(ck_cuda_device *d, const ck_nn_step *s)
{
    unsigned grid = grid_for(ck_nn_pixels(&s->y) * (size_t)s->y.c / VECTOR, THREADS);
    by_type(s->y.type, [&](auto *t) {
        CK_CUDA_LAUNCH(pool_8<std::remove_pointer_t<decltype(t)>>, grid, THREADS, d->stream, s->x[0], s->y);
    });
}

void ck_cuda_pool(ck_cuda_device *d, const ck_nn_step *s)
{
    unsigned grid = grid_for(ck_nn_pixels(&s->y) * (size_t)s->y.c, THREADS);
    CK_CUDA_LAUNCH(pool, grid, THREADS, d->stream, s->x[0], s->y);
}

static __global__ void merge(const int *rows, size_t n, ck_nn_tensor x, ck_nn_tensor y)
{
    size_t i = thread_number(), c = i % (size_t)y.c;
    if (i / (size_t)y.c >= n)
        return;
    size_t r = (size_t)rows[i / (size_t)y.c];
    at(y, r)[c] = at(x, r)[c];
}

void ck_cuda_merge(ck_cuda_device *d, const ck_nn_step *s)
{
    int n;
    const int *rows = ck_cuda_rows(d, s, &n);
    if (!n)
        return;
    size_t all = (size_t)n * (size_t)s->y.c;
    CK_CUDA_LAUNCH(merge, grid_for(all, THREADS), THREADS, d->stream, rows, (size_t)n, s->x[0], s->y);
}

/* x/2 (1 + erf(x/sqrt 2)), computed with erfc to avoid cancellation. */
__device__ static inline float gelu_of(float v)
{
    return 0.5f * v * erfcf(v * -(float)M_SQRT1_2);
}

static __global__ void gelu(ck_nn_tensor x, ck_nn_tensor add, ck_nn_tensor y)
{
    size_t i = thread_number(), pixel = i / (size_t)y.c, c = i % (size_t)y.c;
    if (pixel >= (size_t)y.h * (size_t)y.w)
        return;
    float v = gelu_of(get(x, index_of(x, pixel) + c));
    put(y, index_of(y, pixel) + c, add.h ? v + get(add, index_of(add, pixel) + c) : v);
}

/* For 16-bit results cancellation does not matter (1 + erf has an error of 2^-24), and erff is twice as fast. */
template <typename T> __device__ inline float gelu_for(float v)
{
    return 0.5f * v * (1 + erff(v * (float)M_SQRT1_2));
}

template <> __device__ inline float gelu_for<float>(float v)
{
    return gelu_of(v);
}

/* Eight channels per thread, from float32. */
template <typename T> static __global__ void gelu_8(ck_nn_tensor x, ck_nn_tensor y)
{
    size_t i = thread_number(), each = (size_t)y.c / VECTOR, pixel = i / each, c = i % each * VECTOR;
    if (pixel >= (size_t)y.h * (size_t)y.w)
        return;
    ck_cuda_vec8 v = get_8((const float *)x.data + index_of(x, pixel) + c);
    UNROLL
    for (int k = 0; k < VECTOR; k++)
        v.v[k] = gelu_for<T>(v.v[k]);
    put_8((T *)y.data + index_of(y, pixel) + c, v);
}

bool ck_cuda_gelu_8_serves(const ck_cuda_device *, const ck_nn_step *s, ck_error *why)
{
    if (ck_nn_has(&s->x[1]))
        return ck_cuda_declines(why, "an addend");
    return ck_cuda_in_vectors(&s->x[0], why) && ck_cuda_in_vectors(&s->y, why);
}

void ck_cuda_gelu_8(ck_cuda_device *d, const ck_nn_step *s)
{
    unsigned grid = grid_for(ck_nn_pixels(&s->y) * (size_t)s->y.c / VECTOR, THREADS);
    by_type(s->y.type, [&](auto *t) {
        CK_CUDA_LAUNCH(gelu_8<std::remove_pointer_t<decltype(t)>>, grid, THREADS, d->stream, s->x[0], s->y);
    });
}

void ck_cuda_gelu(ck_cuda_device *d, const ck_nn_step *s)
{
    unsigned grid = grid_for(ck_nn_pixels(&s->y) * (size_t)s->y.c, THREADS);
    CK_CUDA_LAUNCH(gelu, grid, THREADS, d->stream, s->x[0], s->x[1], s->y);
}

/* ---- probabilities ---- */

__device__ static inline float sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

/* A planar sample, enlarged to h x w. */
__device__ static inline float enlarged(const ck_nn_tensor &t, int c, int y, int x, int h, int w)
{
    ck_cuda_tap v = tap_at(y, t.h, h), u = tap_at(x, t.w, w);
    return between(*planar(t, c, v.i0, u.i0), *planar(t, c, v.i0, u.i1), *planar(t, c, v.i1, u.i0),
                   *planar(t, c, v.i1, u.i1), v.f, u.f);
}

/* ---- heads: few outputs of many channels ---- */

struct levels {
    ck_nn_tensor x[CK_NN_INPUTS];
    int n;
};

/* A level's four pixels around a pixel of y, and their weights. */
struct around {
    size_t a, b, c, d;
    float fy, fx;
};

__device__ static inline around around_of(const ck_nn_tensor &t, int y, int x, int h, int w)
{
    ck_cuda_tap v = tap_at(y, t.h, h), u = tap_at(x, t.w, w);
    around r = {
        index_of(t, v.i0, u.i0), index_of(t, v.i0, u.i1), index_of(t, v.i1, u.i0), index_of(t, v.i1, u.i1), v.f, u.f};
    return r;
}

/* Channel c of a level, enlarged. */
__device__ static inline float around_at(const ck_nn_tensor &t, const around &r, int c)
{
    float a = get(t, r.a + (size_t)c), b = get(t, r.b + (size_t)c);
    return between(a, b, get(t, r.c + (size_t)c), get(t, r.d + (size_t)c), r.fy, r.fx);
}

/* in += eight channels of a level, enlarged. */
template <typename T>
__device__ static inline void add_around(const ck_nn_tensor &t, const around &r, int c, ck_cuda_vec8 *in)
{
    const T *p = (const T *)t.data + c;
    ck_cuda_vec8 a = get_8(p + r.a), b = get_8(p + r.b), d = get_8(p + r.c), e = get_8(p + r.d);
    UNROLL
    for (int k = 0; k < VECTOR; k++)
        in->v[k] += between(a.v[k], b.v[k], d.v[k], e.v[k], r.fy, r.fx);
}

/* Add eight channels' products to every output's sum. */
__device__ static inline void add_head(const ck_cuda_vec8 &in, const float *w, int c, int channels, int outputs,
                                       float sum[])
{
    UNROLL
    for (int o = 0; o < CK_NN_HEADS_MAX; o++)
        if (o < outputs) {
            ck_cuda_vec8 k = get_8(w + o * channels + c);
            UNROLL
            for (int i = 0; i < VECTOR; i++)
                sum[o] = fmaf(relu(in.v[i]), k.v[i], sum[o]);
        }
}

/* Logits that a head's outputs correct; without logits the outputs are the result. */
struct corrected {
    ck_nn_tensor logits;
    float gain;
};

__device__ static inline float finished(const corrected &of, float x, int o, int v, int u, const ck_nn_tensor &y)
{
    return of.logits.h ? sigmoid(enlarged(of.logits, o, v, u, y.h, y.w) + x * of.gain) : x;
}

/* Add up the sums of `lanes` lanes; the first lane stores the result if there is a pixel. */
__device__ static inline void put_head(const float sum[], const float *bias, int lanes, bool there, int v, int u,
                                       const corrected &of, const ck_nn_tensor &y)
{
    UNROLL
    for (int o = 0; o < CK_NN_HEADS_MAX; o++)
        if (o < y.c) {
            float all = lanes_sum(sum[o], lanes);
            if (there && threadIdx.x % lanes == 0)
                *planar(y, o, v, u) = finished(of, all + bias[o], o, v, u, y);
        }
}

/* A warp per pixel, a lane for every WARPth channel. */
static __global__ void fuse(levels all, const float *w, const float *bias, ck_nn_tensor y)
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
        float in = get(all.x[0], index_of(all.x[0], pixel) + (size_t)c);
        for (int k = 1; k < CK_NN_INPUTS; k++)
            if (k < all.n)
                in += around_at(all.x[k], near[k], c);
        in = relu(in);
        for (int o = 0; o < CK_NN_HEADS_MAX; o++)
            if (o < y.c)
                sum[o] = fmaf(in, w[o * channels + c], sum[o]);
    }
    put_head(sum, bias, WARP, true, v, u, {}, y);
}

/* The same with eight channels per lane. */
template <typename T> static __global__ void fuse_8(levels all, const float *w, const float *bias, ck_nn_tensor y)
{
    size_t pixel = thread_number() / WARP;
    int lane = threadIdx.x % WARP, channels = all.x[0].c;
    if (pixel >= (size_t)y.h * (size_t)y.w)
        return;
    int v = (int)(pixel / (size_t)y.w), u = (int)(pixel % (size_t)y.w);
    around near[CK_NN_INPUTS];
    UNROLL
    for (int k = 1; k < CK_NN_INPUTS; k++)
        if (k < all.n)
            near[k] = around_of(all.x[k], v, u, y.h, y.w);
    float sum[CK_NN_HEADS_MAX] = {0};
    for (int c = lane * VECTOR; c < channels; c += WARP * VECTOR) {
        ck_cuda_vec8 in = get_8((const T *)all.x[0].data + index_of(all.x[0], pixel) + c);
        UNROLL
        for (int k = 1; k < CK_NN_INPUTS; k++)
            if (k < all.n)
                add_around<T>(all.x[k], near[k], c, &in);
        add_head(in, w, c, channels, y.c, sum);
    }
    put_head(sum, bias, WARP, true, v, u, {}, y);
}

static levels levels_of(const ck_nn_step *s)
{
    levels all = {{s->x[0], s->x[1], s->x[2], s->x[3]}, 1};
    while (all.n < CK_NN_INPUTS && ck_nn_has(&s->x[all.n]))
        all.n++;
    return all;
}

bool ck_cuda_fuse_8_serves(const ck_cuda_device *, const ck_nn_step *s, ck_error *why)
{
    bool good = true;
    for (int i = 0; i < levels_of(s).n && good; i++)
        good = ck_cuda_same_types(&s->x[i], &s->x[0], why) && ck_cuda_in_vectors(&s->x[i], why);
    return good;
}

void ck_cuda_fuse_8(ck_cuda_device *d, const ck_nn_step *s)
{
    unsigned grid = grid_for(ck_nn_pixels(&s->y) * WARP, THREADS);
    by_type(s->x[0].type, [&](auto *t) {
        CK_CUDA_LAUNCH(fuse_8<std::remove_pointer_t<decltype(t)>>, grid, THREADS, d->stream, levels_of(s), s->weight->w,
                       s->weight->bias, s->y);
    });
}

void ck_cuda_fuse(ck_cuda_device *d, const ck_nn_step *s)
{
    unsigned grid = grid_for(ck_nn_pixels(&s->y) * WARP, THREADS);
    CK_CUDA_LAUNCH(fuse, grid, THREADS, d->stream, levels_of(s), s->weight->w, s->weight->bias, s->y);
}

/* A thread block per block of pixels, a thread per pixel. */
static __global__ void head(ck_nn_tensor x, ck_nn_tensor norm, ck_nn_tensor add, const float *w, const float *bias,
                            corrected of, ck_nn_tensor y, const int *list)
{
    ck_nn_area a = block_area(y, list, blockIdx.x);
    const float *scale = (const float *)norm.data, *shift = scale + x.c;
    int across = a.x1 - a.x0, n = (a.y1 - a.y0) * across;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        int v = a.y0 + i / across, u = a.x0 + i % across;
        float sum[CK_NN_HEADS_MAX] = {0};
        for (int c = 0; c < x.c; c++) {
            float more = add.h ? get(add, index_of(add, v, u) + (size_t)c) : 0;
            float in = relu(get(x, index_of(x, v, u) + (size_t)c) * scale[c] + shift[c] + more);
            for (int o = 0; o < CK_NN_HEADS_MAX; o++)
                if (o < y.c)
                    sum[o] = fmaf(in, w[o * x.c + c], sum[o]);
        }
        for (int o = 0; o < CK_NN_HEADS_MAX; o++)
            if (o < y.c)
                *planar(y, o, v, u) = finished(of, sum[o] + bias[o], o, v, u, y);
    }
}

/* The same with TEAM lanes per pixel, each with eight channels at a time. */
#define TEAM 8

template <typename T>
static __global__ void head_8(ck_nn_tensor x, ck_nn_tensor norm, ck_nn_tensor add, const float *w, const float *bias,
                              corrected of, ck_nn_tensor y, const int *list)
{
    ck_nn_area a = block_area(y, list, blockIdx.x);
    int across = a.x1 - a.x0, n = (a.y1 - a.y0) * across;
    for (int first = 0; first < n; first += THREADS / TEAM) {
        int i = first + (int)threadIdx.x / TEAM, v = a.y0 + i / across, u = a.x0 + i % across;
        float sum[CK_NN_HEADS_MAX] = {0};
        for (int c = threadIdx.x % TEAM * VECTOR; i < n && c < x.c; c += TEAM * VECTOR) {
            ck_cuda_vec8 in = get_8((const T *)x.data + index_of(x, v, u) + c), more = {{0}};
            ck_cuda_vec8 scale = get_8((const float *)norm.data + c), shift = get_8((const float *)norm.data + x.c + c);
            if (add.h)
                more = get_8((const T *)add.data + index_of(add, v, u) + c);
            UNROLL
            for (int k = 0; k < VECTOR; k++)
                in.v[k] = in.v[k] * scale.v[k] + shift.v[k] + more.v[k];
            add_head(in, w, c, x.c, y.c, sum);
        }
        put_head(sum, bias, TEAM, i < n, v, u, of, y);
    }
}

bool ck_cuda_head_8_serves(const ck_cuda_device *, const ck_nn_step *s, ck_error *why)
{
    const ck_nn_tensor *add = &s->x[2];
    if (ck_nn_has(add) && !(ck_cuda_same_types(add, &s->x[0], why) && ck_cuda_in_vectors(add, why)))
        return false;
    return ck_cuda_in_vectors(&s->x[0], why) && ck_cuda_in_vectors(&s->x[1], why);
}

void ck_cuda_head_8(ck_cuda_device *d, const ck_nn_step *s)
{
    corrected of = {s->x[3], s->gain};
    with_blocks(d, s, [&](const int *list, unsigned n) {
        by_type(s->x[0].type, [&](auto *t) {
            CK_CUDA_LAUNCH(head_8<std::remove_pointer_t<decltype(t)>>, n, THREADS, d->stream, s->x[0], s->x[1], s->x[2],
                           s->weight->w, s->weight->bias, of, s->y, list);
        });
    });
}

void ck_cuda_head(ck_cuda_device *d, const ck_nn_step *s)
{
    corrected of = {s->x[3], s->gain};
    with_blocks(d, s, [&](const int *list, unsigned n) {
        CK_CUDA_LAUNCH(head, n, THREADS, d->stream, s->x[0], s->x[1], s->x[2], s->weight->w, s->weight->bias, of, s->y,
                       list);
    });
}

/* ---- before and after the refiner ---- */

static __global__ void coarse(ck_nn_tensor rgb, ck_nn_tensor logits, ck_nn_tensor y, const int *list)
{
    ck_nn_area a = block_area(y, list, blockIdx.x);
    int across = a.x1 - a.x0, n = (a.y1 - a.y0) * across;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        int v = a.y0 + i / across, u = a.x0 + i % across;
        size_t to = index_of(y, v, u);
        for (int c = 0; c < y.c; c++)
            put(y, to + (size_t)c,
                c < rgb.c ? *planar(rgb, c, v, u) : sigmoid(enlarged(logits, c - rgb.c, v, u, y.h, y.w)));
    }
}

void ck_cuda_coarse(ck_cuda_device *d, const ck_nn_step *s)
{
    with_blocks(d, s, [&](const int *list, unsigned n) {
        CK_CUDA_LAUNCH(coarse, n, THREADS, d->stream, s->x[0], s->x[1], s->y, list);
    });
}

static __global__ void finish(ck_nn_tensor logits, ck_nn_tensor delta, float gain, ck_nn_tensor y, const int *list)
{
    ck_nn_area a = block_area(y, list, blockIdx.x);
    int across = a.x1 - a.x0, n = (a.y1 - a.y0) * across;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        int v = a.y0 + i / across, u = a.x0 + i % across;
        for (int c = 0; c < y.c; c++) {
            float logit = enlarged(logits, c, v, u, y.h, y.w);
            *planar(y, c, v, u) = sigmoid(delta.h ? logit + *planar(delta, c, v, u) * gain : logit);
        }
    }
}

void ck_cuda_finish(ck_cuda_device *d, const ck_nn_step *s)
{
    with_blocks(d, s, [&](const int *list, unsigned n) {
        CK_CUDA_LAUNCH(finish, n, THREADS, d->stream, s->x[0], s->x[1], s->gain, s->y, list);
    });
}
