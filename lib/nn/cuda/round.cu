/* float32 to operand types. */
#include "nn/cuda/operand.h"

#define THREADS 256

/* One thread per sample; columns past the last become 0. */
template <typename T>
static __global__ void round_rows(const float *x, size_t rows, int columns, size_t ld, T *to, int ld_to)
{
    size_t i = thread_number(), row = i / (size_t)ld_to;
    int c = (int)(i % (size_t)ld_to);
    if (row < rows)
        to[i] = rounded<T>(c < columns ? x[row * ld + (size_t)c] : 0);
}

void ck_cuda_round(ck_cuda_device *d, const float *x, size_t rows, int columns, int ld, void *to, int ld_to)
{
    unsigned grid = grid_for(rows * (size_t)ld_to, THREADS);
    size_t wide = (size_t)ld;
    if (d->base.precision == CK_NN_PRECISION_F16)
        CK_CUDA_LAUNCH(round_rows<__half>, grid, THREADS, d->stream, x, rows, columns, wide, (__half *)to, ld_to);
    else if (d->base.precision == CK_NN_PRECISION_BF16)
        CK_CUDA_LAUNCH(round_rows<__nv_bfloat16>, grid, THREADS, d->stream, x, rows, columns, wide, (__nv_bfloat16 *)to,
                       ld_to);
    else
        CK_CUDA_LAUNCH(round_rows<float>, grid, THREADS, d->stream, x, rows, columns, wide, (float *)to, ld_to);
}
