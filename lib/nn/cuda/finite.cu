/* Search for NaN and infinities. */
#include "nn/cuda/frames.h"
#include "nn/cuda/kernel.h"

#define THREADS 256
#define EACH 16 /* samples per thread */

/* All threads that find one write the same value, so their order does not matter. */
static __global__ void find_not_finite(const float *p, size_t n, int *flag)
{
    bool found = false;
    size_t first = (size_t)blockIdx.x * THREADS * EACH + threadIdx.x;
    for (int i = 0; i < EACH; i++) {
        size_t at = first + (size_t)i * THREADS;
        found = found || (at < n && !isfinite(p[at]));
    }
    if (found)
        *flag = 1;
}

void ck_cuda_check_finite(ck_cuda_device *d, const ck_nn_tensor *t, int *flag)
{
    size_t n = ck_nn_pixels(t) * (size_t)t->c;
    CK_CUDA_LAUNCH(find_not_finite, grid_for(n, THREADS * EACH), THREADS, d->stream, (const float *)t->data, n, flag);
}
