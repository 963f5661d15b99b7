/* Selection among the kernels of an operation:
 *
 *     f32     f32 operands
 *     wmma    operands rounded to f16, bf16 or tf32
 *     mma16   activations in f16 or bf16, for the shapes of published models; a convolution of 64 channels takes up to
 *             153 KiB of shared memory, more than sm_86 and sm_89 have */
#include "nn/cuda/cuda.h"

void ck_cuda_attention(ck_nn *dev, const ck_nn_step *s)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    int n;
    ck_cuda_rows(d, s, &n);
    if (!n) /* the list could not be copied */
        return;
    if (!ck_cuda_rounds(d))
        ck_cuda_attention_f32(d, s);
    else if (!ck_cuda_attention_mma16(d, s))
        ck_cuda_attention_wmma(d, s);
    ck_cuda_launched(d, s);
}

void ck_cuda_conv(ck_nn *dev, const ck_nn_step *s)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    int n;
    const int *list = ck_cuda_blocks(d, s, &n);
    if (n && ck_cuda_rounds(d) && ck_cuda_conv_mma16(d, s, list, n)) {
        ck_cuda_launched(d, s);
        return;
    }
    if (ck_cuda_rounds(d))
        ck_cuda_conv_wmma(d, s, list, n);
    else
        ck_cuda_conv_f32(d, s, list, n);
    if (ck_nn_has(&s->stats))
        ck_cuda_block_sums(d, s, list, n);
    ck_cuda_launched(d, s);
}
