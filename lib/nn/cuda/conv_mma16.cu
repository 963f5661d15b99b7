/* The 3x3 convolution of 16-bit maps of at most 64 channels to at most 64, on tensor cores by mma.
 *
 * Pixels `dilation` apart form independent lattices, and on each of them the convolution has dilation 1.  A block is
 * divided into stages of PIXELS pixels: whole lattices, or rows of one.  Each stage is copied to shared memory once,
 * with a border of one lattice pixel, and the nine taps read it shifted.  So the operands of a product of PIXELS x 9 C
 * by 9 C x 64 come from shared memory, where all weights stay.
 *
 * PIXELS is 256 or, where the device has less shared memory (conv_mma16_small), 64: of 64 channels a stage takes 42 to
 * 72 or 13 to 18 KiB beside 77 KiB for the weights and sums.  Small stages copy more border pixels and load the
 * weights' operands more often.
 *
 * Thread block b computes blocks b, b + gridDim.x, …  The next stage is copied during a stage's computation if two fit
 * into memory.  A warp computes a quarter of a stage's pixels for half of the outputs.  Weights are packed so that a
 * lane's sums of one pixel are eight adjacent outputs (ck_cuda_output_column).  Sums for GROUP_NORM are float32 over a
 * warp's pixels and double from there on, in a fixed order. */
#include "nn/cuda/element.h"
#include "nn/cuda/ptx.h"

#define WARPS 8
#define THREADS (WARPS * WARP)
#define PIECE 8 /* channels per copy */
#define OUTS 64
#define MINE 4            /* tiles of 8 outputs per warp */
#define HALF 32           /* outputs per warp */
#define PARTS (WARPS / 2) /* warps that share a stage's pixels */

struct mma16_args {
    ck_nn_tensor x, norm, y, stats;
    const void *w; /* [9][pieces of x][PIECE][OUTS] */
    const float *bias;
    const int *list;
    int blocks, groups, pieces;
    bool twice; /* shared memory holds two stages */
};

/* Stages of a block with dilation D: BANDS of them cover LATTICES lattices of SIDE x SIDE pixels, ROWS rows each.  In
 * shared memory every lattice has a border. */
template <int D, int PIXELS> struct stage_of {
    static const int STAGES = CK_NN_BLOCK * CK_NN_BLOCK / PIXELS, SIDE = CK_NN_BLOCK / D;
    static const int ROWS = PIXELS < SIDE * SIDE ? PIXELS / SIDE : SIDE, BANDS = SIDE / ROWS;
    static const int LATTICES = PIXELS / (ROWS * SIDE), WIDE = SIDE + 2, EACH = (ROWS + 2) * WIDE;
    static const int ALL = LATTICES * EACH;
};

/* Position in the map of pixel (r, c) of lattice l of a stage. */
struct point {
    int y, x;
};

template <typename S> __device__ static inline point point_of(const ck_nn_area &a, int stage, int l, int r, int c)
{
    const int D = CK_NN_BLOCK / S::SIDE;
    l += stage / S::BANDS * S::LATTICES;
    r += stage % S::BANDS * S::ROWS;
    point p = {a.y0 + l / D + D * r, a.x0 + l % D + D * c};
    return p;
}

/* Pixels are pitch_of(pieces) pieces apart.  If that is a power of two, pieces are swizzled: their order is XORed with
 * the pixel's position, so that eight neighbours lie in different banks. */
__host__ __device__ static inline int pitch_of(int pieces)
{
    return pieces == 8 ? 8 : pieces | 1;
}

template <typename S> __device__ static inline int swizzle_of(int pieces, int r, int c)
{
    return pieces == 8 ? (S::SIDE == 4 ? c + 4 * r : c) & 7 : 0;
}

/* The pieces that a thread copies: piece `piece` of pixels first, first + step, … */
struct lot {
    int piece, first, step;
};

__device__ static inline lot lot_of(int pieces)
{
    lot t = {(int)threadIdx.x % pieces, (int)threadIdx.x / pieces, THREADS / pieces};
    t.first = t.first < t.step ? t.first : 1 << 30;
    return t;
}

/* Call f(position in the map, inside the map, address in shared memory) for each piece of a thread's lot. */
template <typename T, typename S, typename F>
__device__ static inline void each_of(const mma16_args &k, const ck_nn_area &a, int stage, const lot &mine, T *pixels,
                                      F f)
{
    for (int i = mine.first; i < S::ALL; i += mine.step) {
        int r = i % S::EACH / S::WIDE, c = i % S::EACH % S::WIDE;
        point p = point_of<S>(a, stage, i / S::EACH, r - 1, c - 1);
        bool there = p.y >= 0 && p.y < k.x.h && p.x >= 0 && p.x < k.x.w;
        f(p, there, pixels + (i * pitch_of(k.pieces) + (mine.piece ^ swizzle_of<S>(k.pieces, r, c))) * PIECE);
    }
}

template <typename T, typename S>
__device__ static inline void fetch(const mma16_args &k, const ck_nn_area &a, int stage, T *pixels)
{
    lot mine = lot_of(k.pieces);
    int bytes = min(PIECE, k.x.c - mine.piece * PIECE) * (int)sizeof(T);
    each_of<T, S>(k, a, stage, mine, pixels, [&](point p, bool there, T *to) {
        const T *from = (const T *)k.x.data + (there ? index_of(k.x, p.y, p.x) + mine.piece * PIECE : 0);
        copy_16(to, from, there ? bytes : 0);
    });
    end_copies();
}

/* A thread normalises the pieces that it copied. */
template <typename T, typename S>
__device__ static inline void normalise(const mma16_args &k, const ck_nn_area &a, int stage, T *pixels)
{
    lot mine = lot_of(k.pieces);
    ck_cuda_vec8 scale = {{0}}, shift = {{0}};
    for (int i = 0; i < PIECE; i++) {
        int c = mine.piece * PIECE + i;
        scale.v[i] = c < k.x.c ? ((const float *)k.norm.data)[c] : 0;
        shift.v[i] = c < k.x.c ? ((const float *)k.norm.data)[k.x.c + c] : 0;
    }
    each_of<T, S>(k, a, stage, mine, pixels, [&](point, bool there, T *to) {
        if (!there)
            return;
        ck_cuda_vec8 in = get_8((const T *)to);
        UNROLL
        for (int i = 0; i < PIECE; i++)
            in.v[i] = relu(in.v[i] * scale.v[i] + shift.v[i]);
        put_8(to, in);
    });
}

/* ---- weights: rows of OUTS, pieces swizzled by row, zero padded to a multiple of 16 rows ---- */

static inline int weight_rows(int pieces)
{
    return (9 * pieces + 1) / 2 * 16;
}

template <typename T> __device__ static inline void fetch_weights(const mma16_args &k, int rows, T *to)
{
    for (int i = threadIdx.x; i < rows * (OUTS / PIECE); i += THREADS) {
        int row = i / (OUTS / PIECE), piece = i % (OUTS / PIECE);
        bool there = row < 9 * k.pieces * PIECE;
        copy_16(to + row * OUTS + (piece ^ (row & 7)) * PIECE, (const T *)k.w + (there ? i * PIECE : 0),
                there ? 16 : 0);
    }
}

/* ---- a warp's product ---- */

/* Iterates over pairs of pieces: lanes 0-15 load the first of a pair, lanes 16-31 the second. */
struct cursor {
    int tap, piece, pieces;

    __device__ void begin(int n)
    {
        tap = 0;
        piece = (int)threadIdx.x % WARP / 16;
        pieces = n;
        settle();
    }

    __device__ void settle()
    {
        for (; piece >= pieces; tap++)
            piece -= pieces;
    }

    __device__ void advance()
    {
        piece += 2;
        settle();
    }
};

template <typename T, typename S> struct warp_product {
    static const int MY_PIXELS = S::ROWS * S::SIDE * S::LATTICES / PARTS, TILES = MY_PIXELS / 16; /* of 16 pixels */
    float sum[TILES][MINE][4];
    int at[TILES], row[TILES], column[TILES]; /* of the pixels whose rows this lane addresses */

    __device__ void begin()
    {
        int first = (int)threadIdx.x / WARP / 2 * MY_PIXELS + (int)threadIdx.x % 16;
        UNROLL
        for (int m = 0; m < TILES; m++) {
            int i = first + m * 16, in = i % (S::ROWS * S::SIDE);
            row[m] = in / S::SIDE;
            column[m] = in % S::SIDE;
            at[m] = i / (S::ROWS * S::SIDE) * S::EACH + row[m] * S::WIDE + column[m];
        }
    }

    __device__ void load(const T *pixels, const T *weights, const cursor &c, int step, unsigned a[TILES][4],
                         unsigned b[MINE][2])
    {
        __syncwarp(); /* the halves of a warp diverge in settle */
        /* Past the last piece weights are 0, but the other operand must be finite. */
        int tap = c.tap < 9 ? c.tap : 8, piece = c.tap < 9 ? c.piece : 0, dy = tap / 3, dx = tap % 3;
        int lane = (int)threadIdx.x % WARP, k = step * 16 + lane % 16, pitch = pitch_of(c.pieces);
        UNROLL
        for (int j = 0; j < MINE; j += 2) {
            unsigned r[4];
            int out = (int)threadIdx.x / WARP % 2 * MINE + j + lane / 16;
            load_matrices_transposed(r, weights + k * OUTS + (out ^ (k & 7)) * PIECE);
            b[j][0] = r[0];
            b[j][1] = r[1];
            b[j + 1][0] = r[2];
            b[j + 1][1] = r[3];
        }
        UNROLL
        for (int m = 0; m < TILES; m++)
            load_matrices(a[m], pixels + ((at[m] + dy * S::WIDE + dx) * pitch +
                                          (piece ^ swizzle_of<S>(c.pieces, row[m] + dy, column[m] + dx))) *
                                             PIECE);
    }

    __device__ void multiply(const unsigned a[TILES][4], const unsigned b[MINE][2])
    {
        UNROLL
        for (int m = 0; m < TILES; m++)
            UNROLL
        for (int j = 0; j < MINE; j++)
            multiply_16<T>(sum[m][j], a[m], b[j][0], b[j][1], sum[m][j]);
    }

    /* The operands of the next step are loaded before those of this one are multiplied. */
    __device__ void run(const T *pixels, const T *weights, int pieces)
    {
        unsigned a[2][TILES][4], b[2][MINE][2];
        int steps = (9 * pieces + 1) / 2;
        cursor c;
        UNROLL
        for (int i = 0; i < TILES * MINE * 4; i++)
            sum[i / 16][i / 4 % 4][i % 4] = 0;
        c.begin(pieces);
        load(pixels, weights, c, 0, a[0], b[0]);
        for (int step = 0; step < steps; step += 2) {
            c.advance();
            if (step + 1 < steps)
                load(pixels, weights, c, step + 1, a[1], b[1]);
            multiply(a[0], b[0]);
            c.advance();
            if (step + 2 < steps)
                load(pixels, weights, c, step + 2, a[0], b[0]);
            if (step + 1 < steps)
                multiply(a[1], b[1]);
        }
    }
};

/* ---- results ---- */

/* Up to eight outputs of one pixel. */
template <typename T>
__device__ static inline void put_outputs(const ck_nn_tensor &y, const point &p, int first, const ck_cuda_vec8 &v)
{
    T *to = (T *)y.data + index_of(y, p.y, p.x) + first;
    if (first + VECTOR <= y.c) {
        put_8(to, v);
        return;
    }
    UNROLL
    for (int i = 0; i < VECTOR; i++)
        if (first + i < y.c)
            to[i] = rounded<T>(v.v[i]);
}

/* Add the bias, store, and sum this warp's pixels in a fixed order: partial[output][2]. */
template <typename T, typename S>
__device__ static inline void finish(const mma16_args &k, const ck_nn_area &a, int stage, const warp_product<T, S> &w,
                                     float *partial)
{
    int lane = (int)threadIdx.x % WARP, warp = (int)threadIdx.x / WARP, first = warp % 2 * HALF + lane % 4 * VECTOR;
    ck_cuda_vec8 sum = {{0}}, squares = {{0}}, bias;
    UNROLL
    for (int c = 0; c < VECTOR; c++)
        bias.v[c] = first + c < k.y.c ? k.bias[first + c] : 0;
    UNROLL
    for (int i = 0; i < 2 * w.TILES; i++) {
        int pixel = warp / 2 * w.MY_PIXELS + i * 8 + lane / 4, in = pixel % (S::ROWS * S::SIDE);
        point p = point_of<S>(a, stage, pixel / (S::ROWS * S::SIDE), in / S::SIDE, in % S::SIDE);
        bool there = p.y < a.y1 && p.x < a.x1;
        ck_cuda_vec8 v;
        UNROLL
        for (int c = 0; c < VECTOR; c++) {
            v.v[c] = w.sum[i / 2][c / 2][i % 2 * 2 + c % 2] + bias.v[c];
            sum.v[c] += there ? v.v[c] : 0;
            squares.v[c] = there ? fmaf(v.v[c], v.v[c], squares.v[c]) : squares.v[c];
        }
        if (there)
            put_outputs<T>(k.y, p, first, v);
    }
    UNROLL
    for (int c = 0; c < VECTOR; c++)
        UNROLL
    for (int n = 4; n < WARP; n *= 2) {
        sum.v[c] += __shfl_xor_sync(ALL_LANES, sum.v[c], n);
        squares.v[c] += __shfl_xor_sync(ALL_LANES, squares.v[c], n);
    }
    if (lane < 4)
        for (int c = 0; c < VECTOR; c++) {
            partial[(first + c) * 2] = sum.v[c];
            partial[(first + c) * 2 + 1] = squares.v[c];
        }
}

/* Add the partial sums of a stage, [part][output][2], to this thread's total: that of sum t. */
__device__ static inline void collect(const float *partial, double *total)
{
    int t = threadIdx.x;
    for (int i = 0; t < 2 * OUTS && i < PARTS; i++)
        *total += (double)partial[i * 2 * OUTS + t];
}

/* Store a block's sums by group.  All threads call this. */
__device__ static inline void flush(const mma16_args &k, int block, double total, double *totals)
{
    int t = threadIdx.x, per = k.y.c / k.groups;
    if (t < 2 * OUTS)
        totals[t] = total;
    __syncthreads();
    if (t < 2 * k.groups) {
        double all = 0;
        for (int c = 0; c < per; c++)
            all += totals[(t / 2 * per + c) * 2 + t % 2];
        ((double *)k.stats.data)[(size_t)block * (size_t)k.groups * 2 + (size_t)t] = all;
    }
}

/* Shared memory: totals of a block, partial sums of two stages, weights, one or two stages. */
#define SUMS (2 * OUTS * sizeof(double) + 2 * PARTS * 2 * OUTS * sizeof(float))

template <typename T, int D, int PIXELS>
static __global__ void __launch_bounds__(THREADS, 1) conv_mma16(mma16_args k, int rows)
{
    typedef stage_of<D, PIXELS> S;
    CK_CUDA_DYNAMIC_SHARED(shared_memory);
    const int STAGE = S::ALL * pitch_of(k.pieces) * PIECE, STAGES = S::STAGES;
    double *totals = (double *)shared_memory, total = 0;
    float *partial = (float *)(totals + 2 * OUTS);
    T *weights = (T *)(shared_memory + SUMS), *stages = weights + rows * OUTS;
    int mine = (k.blocks - (int)blockIdx.x + (int)gridDim.x - 1) / (int)gridDim.x, part = (int)threadIdx.x / WARP / 2;
    auto number = [&](int i) { return (int)blockIdx.x + i / STAGES * (int)gridDim.x; };
    auto area = [&](int i) { return block_area(k.y, k.list, number(i)); };
    auto sums = [&](int i) { return partial + i % 2 * PARTS * 2 * OUTS; };
    auto done = [&](int i) {
        if (!k.groups)
            return;
        collect(sums(i), &total);
        if (i % STAGES < STAGES - 1)
            return;
        flush(k, k.list ? k.list[number(i)] : number(i), total, totals);
        total = 0;
    };
    warp_product<T, S> w;
    w.begin();
    fetch_weights<T>(k, rows, weights);
    for (int i = 0; i < mine * STAGES; i++) {
        T *here = stages + (k.twice ? i % 2 * STAGE : 0), *next = stages + (k.twice ? (i + 1) % 2 * STAGE : 0);
        if (!k.twice)
            __syncthreads();
        if (!k.twice || i == 0)
            fetch<T, S>(k, area(i), i % STAGES, here);
        wait_copies<0>();
        if (k.norm.h)
            normalise<T, S>(k, area(i), i % STAGES, here);
        __syncthreads();
        if (k.twice && i + 1 < mine * STAGES)
            fetch<T, S>(k, area(i + 1), (i + 1) % STAGES, next);
        if (i)
            done(i - 1);
        w.run(here, weights, k.pieces);
        finish<T, S>(k, area(i), i % STAGES, w, sums(i) + part * 2 * OUTS);
    }
    __syncthreads();
    done(mine * STAGES - 1);
}

/* ---- on the host ---- */

struct way {
    void (*kernel)(mma16_args, int);
    size_t shared; /* bytes */
    bool twice;
};

template <typename T, int D, int PIXELS> static way way_for(const ck_cuda_device *d, int pieces)
{
    size_t stage = (size_t)stage_of<D, PIXELS>::ALL * (size_t)pitch_of(pieces) * PIECE * sizeof(T);
    size_t fixed = SUMS + (size_t)weight_rows(pieces) * OUTS * sizeof(T);
    bool twice = fixed + 2 * stage <= d->shared;
    way w = {conv_mma16<T, D, PIXELS>, fixed + (twice ? 2 : 1) * stage, twice};
    return w;
}

template <typename T, int PIXELS> static way of_type(const ck_cuda_device *d, const ck_nn_step *s)
{
    int pieces = ck_cuda_padded(s->x[0].c) / PIECE;
    return s->dilation == 1   ? way_for<T, 1, PIXELS>(d, pieces)
           : s->dilation == 2 ? way_for<T, 2, PIXELS>(d, pieces)
           : s->dilation == 4 ? way_for<T, 4, PIXELS>(d, pieces)
                              : way_for<T, 8, PIXELS>(d, pieces);
}

template <int PIXELS> static way way_of(const ck_cuda_device *d, const ck_nn_step *s)
{
    return s->x[0].type == CK_NN_F16 ? of_type<__half, PIXELS>(d, s) : of_type<__nv_bfloat16, PIXELS>(d, s);
}

static bool suits(const ck_cuda_device *d, const ck_nn_tensor &t, ck_error *why)
{
    if (t.type != d->base.act)
        return ck_cuda_declines(why, "a map of 32 bits");
    if (t.c > OUTS)
        return ck_cuda_declines(why, "%d channels: at most %d", t.c, OUTS);
    return (t.ld % PIECE == 0 && ck_cuda_address(&t) % 16 == 0) ||
           ck_cuda_declines(why, "pixels do not begin at multiples of 16 bytes");
}

template <int PIXELS> static bool serves(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why)
{
    if (d->base.act == CK_NN_F32)
        return ck_cuda_declines(why, "activations of 32 bits");
    if (s->dilation != 1 && s->dilation != 2 && s->dilation != 4 && s->dilation != 8)
        return ck_cuda_declines(why, "dilation %d", s->dilation);
    return suits(d, s->x[0], why) && suits(d, s->y, why) && ck_cuda_has_shared(d, way_of<PIXELS>(d, s).shared, why);
}

static mma16_args args_of(const ck_nn_step *s, const way &w, const int *list, unsigned n)
{
    int pieces = ck_cuda_padded(s->x[0].c) / PIECE, groups = ck_nn_has(&s->stats) ? s->groups : 0;
    mma16_args k = {s->x[0], s->x[1], s->y,   s->stats, s->weight->rounded, s->weight->bias, list,
                    (int)n,  groups,  pieces, w.twice};
    return k;
}

static unsigned grid_of(const ck_cuda_device *d, unsigned n)
{
    return n < (unsigned)d->processors ? n : (unsigned)d->processors;
}

#define LARGE 256
#define SMALL 64

bool ck_cuda_conv_mma16_serves(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why)
{
    return serves<LARGE>(d, s, why);
}

ck_status ck_cuda_prepare_conv_mma16(ck_cuda_device *d, ck_nn_step *s, size_t *, ck_error *e)
{
    way w = way_of<LARGE>(d, s);
    return allow_shared(w.kernel, w.shared, e);
}

void ck_cuda_conv_mma16(ck_cuda_device *d, const ck_nn_step *s)
{
    way w = way_of<LARGE>(d, s);
    with_blocks(d, s, [&](const int *list, unsigned n) {
        mma16_args k = args_of(s, w, list, n);
        CK_CUDA_LAUNCH_SHARED(w.kernel, grid_of(d, n), THREADS, w.shared, d->stream, k, weight_rows(k.pieces));
    });
}

bool ck_cuda_conv_mma16_small_serves(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why)
{
    return serves<SMALL>(d, s, why);
}

ck_status ck_cuda_prepare_conv_mma16_small(ck_cuda_device *d, ck_nn_step *s, size_t *, ck_error *e)
{
    way w = way_of<SMALL>(d, s);
    return allow_shared(w.kernel, w.shared, e);
}

void ck_cuda_conv_mma16_small(ck_cuda_device *d, const ck_nn_step *s)
{
    way w = way_of<SMALL>(d, s);
    with_blocks(d, s, [&](const int *list, unsigned n) {
        mma16_args k = args_of(s, w, list, n);
        CK_CUDA_LAUNCH_SHARED(w.kernel, grid_of(d, n), THREADS, w.shared, d->stream, k, weight_rows(k.pieces));
    });
}
