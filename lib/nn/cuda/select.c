/* Selection among the kernels of an operation, when a step is prepared:
 *
 *     mma16, windows    16-bit activations, for the shapes of published models
 *     wmma              operands rounded to f16, bf16 or tf32
 *     f32               f32 operands
 *     _8, _4, tiled     several channels per thread, where pixels are aligned
 *
 * The others take every shape and type. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "nn/cuda/cuda.h"

/* clang-format off */
#define ANY(kernel, kind) {#kernel, kind, NULL, NULL, ck_cuda_##kernel}
#define CHOOSY(kernel, kind) {#kernel, kind, ck_cuda_##kernel##_serves, NULL, ck_cuda_##kernel}
#define PREPARED(kernel, kind) {#kernel, kind, ck_cuda_##kernel##_serves, ck_cuda_prepare_##kernel, ck_cuda_##kernel}
/* clang-format on */

/* Of an operation the fastest first. */
static const ck_cuda_kernel kernels[] = {PREPARED(conv_mma16, CK_NN_OP_CONV),
                                         PREPARED(conv_mma16_small, CK_NN_OP_CONV),
                                         CHOOSY(conv_wmma, CK_NN_OP_CONV),
                                         CHOOSY(conv_f32, CK_NN_OP_CONV),
                                         PREPARED(attention_mma16, CK_NN_OP_ATTENTION),
                                         PREPARED(attention_windows, CK_NN_OP_ATTENTION),
                                         CHOOSY(attention_wmma, CK_NN_OP_ATTENTION),
                                         CHOOSY(attention_f32, CK_NN_OP_ATTENTION),
                                         PREPARED(linear, CK_NN_OP_LINEAR),
                                         CHOOSY(gelu_8, CK_CUDA_OP_GELU),
                                         ANY(gelu, CK_CUDA_OP_GELU),
                                         CHOOSY(patch_tiled, CK_NN_OP_PATCH),
                                         ANY(patch_simple, CK_NN_OP_PATCH),
                                         CHOOSY(layer_norm_4, CK_NN_OP_LAYER_NORM),
                                         ANY(layer_norm, CK_NN_OP_LAYER_NORM),
                                         CHOOSY(pool_8, CK_NN_OP_POOL),
                                         ANY(pool, CK_NN_OP_POOL),
                                         CHOOSY(fuse_8, CK_NN_OP_FUSE),
                                         ANY(fuse, CK_NN_OP_FUSE),
                                         ANY(coarse, CK_NN_OP_COARSE),
                                         ANY(group_norm, CK_NN_OP_GROUP_NORM),
                                         CHOOSY(apply_8, CK_NN_OP_APPLY),
                                         ANY(apply, CK_NN_OP_APPLY),
                                         CHOOSY(head_8, CK_NN_OP_HEAD),
                                         ANY(head, CK_NN_OP_HEAD),
                                         ANY(finish, CK_NN_OP_FINISH),
                                         ANY(merge, CK_NN_OP_MERGE)};
#define KERNELS ((int)(sizeof kernels / sizeof *kernels))

/* ---- reasons ---- */

bool ck_cuda_declines(ck_error *why, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why->text, sizeof why->text, fmt, ap);
    va_end(ap);
    return false;
}

bool ck_cuda_in_vectors(const ck_nn_tensor *t, ck_error *why)
{
    size_t row = (size_t)t->ld * ck_nn_type_size(t->type);
    if (t->c % 8)
        return ck_cuda_declines(why, "%d channels: no multiple of 8", t->c);
    return (row % 16 == 0 && ck_cuda_address(t) % 16 == 0) ||
           ck_cuda_declines(why, "pixels do not begin at multiples of 16 bytes");
}

bool ck_cuda_same_types(const ck_nn_tensor *a, const ck_nn_tensor *b, ck_error *why)
{
    return a->type == b->type || ck_cuda_declines(why, "tensors of two types");
}

bool ck_cuda_has_shared(const ck_cuda_device *d, size_t bytes, ck_error *why)
{
    return bytes <= d->shared || ck_cuda_declines(why, "it needs %.1f KiB of shared memory, the device has %.1f",
                                                  (double)bytes / 1024, (double)d->shared / 1024);
}

/* ---- selection ---- */

static void append(ck_error *all, const char *name, const char *why)
{
    size_t at = strlen(all->text);
    snprintf(all->text + at, sizeof all->text - at, "%s%s: %s", at ? "; " : "", name, why);
}

const ck_cuda_kernel *ck_cuda_choose(const ck_cuda_device *d, const ck_nn_step *s, ck_error *why)
{
    *why->text = 0;
    for (int i = 0; i < KERNELS; i++) {
        ck_error one = {"it failed the self-check"};
        if (kernels[i].kind != s->kind)
            continue;
        if (!(d->without >> i & 1) && (!kernels[i].serves || kernels[i].serves(d, s, &one)))
            return &kernels[i];
        if (*one.text)
            append(why, kernels[i].name, one.text);
    }
    return NULL;
}

/* `prepared` of a LINEAR step is its product, for which there is one kernel; of every other step its kernel. */
static const ck_cuda_kernel *kernel_of(const ck_nn_step *s)
{
    int i = 0;
    if (s->kind != CK_NN_OP_LINEAR)
        return s->prepared;
    while (kernels[i].kind != CK_NN_OP_LINEAR)
        i++;
    return &kernels[i];
}

ck_status ck_cuda_prepare(ck_cuda_device *d, ck_nn_step *s, size_t *scratch, ck_error *e)
{
    ck_error why;
    const ck_cuda_kernel *k = ck_cuda_choose(d, s, &why);
    if (!k)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "cuda cannot compute %s (%s): use --device cpu", s->label, why.text);
    s->prepared = ck_drop_const(k);
    return k->prepare ? k->prepare(d, s, scratch, e) : CK_OK;
}

void ck_cuda_run(ck_nn *dev, const ck_nn_step *s)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    if ((ck_nn_in_part(s) && s->part->n == 0) || (s->rows && s->rows->n == 0))
        return;
    kernel_of(s)->run(d, s);
    ck_cuda_launched(d, s);
}

const char *ck_cuda_kernel_name(ck_nn *dev, const ck_nn_step *s, ck_error *why)
{
    const ck_cuda_device *d = ck_cuda_of(dev);
    const ck_cuda_kernel *k = kernel_of(s);
    *why = (ck_error){""};
    if (s->kind != CK_NN_OP_LINEAR)
        ck_cuda_choose(d, s, why);
    else if (s->act == CK_NN_GELU)
        k = ck_cuda_gelu_of(d, s, why);
    return k->name;
}

bool ck_cuda_without(ck_nn *dev, const char *name)
{
    ck_cuda_device *d = ck_cuda_of(dev);
    bool others = false;
    int i = 0;
    while (i < KERNELS && strcmp(kernels[i].name, name))
        i++;
    if (i == KERNELS)
        return false;
    for (int k = 0; k < KERNELS; k++)
        others = others || (k != i && kernels[k].kind == kernels[i].kind && !(d->without >> k & 1));
    d->without |= (uint64_t)1 << i;
    return others;
}
