/* 3x3 dilated convolutions with bf16 operands, in tiles of CK_NN_BLOCK x CK_NN_BLOCK pixels as in conv.c.
 *
 * oneDNN 2.6 has no dilated convolution with AMX; gathered tiles make our own simple. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/cpu/cpu.h"

#define SIDE CK_NN_BLOCK
#define GROUP 32 /* outputs computed at once, and inputs per step: both are padded to it */

static size_t padded(int n)
{
    return ((size_t)n + GROUP - 1) / GROUP * GROUP;
}

/* Tiles of the layout in ck_cpu_conv_tile. */
ck_status ck_cpu_pack_conv_bf16(ck_nn_weight *w, const float *values, const float *bias, ck_error *e)
{
    size_t in = padded(w->in), out = padded(w->out), bytes = in * out * 9 * sizeof *w->tiles;
    w->tiles = aligned_alloc(CK_ALIGN, ck_pad(bytes));
    w->bias = calloc(out, sizeof *w->bias);
    if (!w->tiles || !w->bias)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for weights");
    memset(w->tiles, 0, bytes);
    memcpy(w->bias, bias, (size_t)w->out * sizeof *bias);
    for (size_t o = 0; o < (size_t)w->out; o++)
        for (size_t c = 0; c < (size_t)w->in; c++)
            for (size_t tap = 0; tap < 9; tap++) {
                size_t tile = ((o / GROUP * 9 + tap) * (in / GROUP) + c / GROUP) * 2 + o % GROUP / 16;
                w->tiles[tile * 512 + (c % GROUP / 2 * 16 + o % 16) * 2 + c % 2] =
                    ck_bf16_of(values[(o * (size_t)w->in + c) * 9 + tap]);
            }
    return CK_OK;
}

/* Bytes of a thread's scratch: gathered pixels, then sums by channel. */
static size_t x_bytes(const ck_nn_step *s)
{
    size_t side = SIDE + 2 * (size_t)s->dilation;
    return ck_pad(side * side * padded(s->weight->in) * sizeof(uint16_t));
}

static size_t per_thread(const ck_nn_step *s)
{
    return x_bytes(s) + ck_pad(2 * padded(s->weight->out) * sizeof(double));
}

ck_status ck_cpu_prepare_conv_bf16(ck_cpu_device *d, const ck_nn_step *s, size_t *scratch, ck_error *e)
{
    if (s->x[0].type != CK_NN_BF16)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "cpu has no convolution of these types");
    if (s->weight->in > CK_CPU_CONV_IN)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "convolutions of %d channels: cpu supports %d at bf16", s->weight->in,
                       CK_CPU_CONV_IN);
    *scratch = (size_t)ck_team_size(d->team) * per_thread(s);
    return CK_OK;
}

/* The tile's pixels from (y0, x0) on, and zeros outside the map. */
static void gather(const ck_cpu_kernels *k, const ck_nn_step *s, int y0, int x0, uint16_t *to)
{
    const ck_nn_tensor *t = &s->x[0];
    const float *norm = ck_nn_has(&s->x[1]) ? s->x[1].data : NULL;
    int side = SIDE + 2 * s->dilation, in = (int)padded(s->weight->in);
    int from = x0 < 0 ? -x0 : 0, end = t->w - x0 < side ? t->w - x0 : side;
    size_t pixel = (size_t)in, row = (size_t)side * pixel;
    for (int y = y0; y < y0 + side; y++, to += row) {
        if (y < 0 || y >= t->h || end <= from) {
            memset(to, 0, row * sizeof *to);
            continue;
        }
        memset(to, 0, (size_t)from * pixel * sizeof *to);
        k->gather(ck_nn_pixel(t, (size_t)y * (size_t)t->w + (size_t)(x0 + from)), (size_t)t->ld, end - from, t->c, norm,
                  to + (size_t)from * pixel, in);
        memset(to + (size_t)end * pixel, 0, (size_t)(side - end) * pixel * sizeof *to);
    }
}

static void tile_task(void *call, int task, int who)
{
    const ck_cpu_call *k = call;
    const ck_nn_step *s = k->s;
    int i = ck_nn_in_part(s) ? s->part->block[task] : task;
    ck_nn_area a = ck_nn_block_area(&s->y, i);
    char *x = (char *)s->scratch + (size_t)who * per_thread(s);
    double *sums = ck_nn_has(&s->stats) ? (double *)(x + x_bytes(s)) : NULL;
    size_t pixel = (size_t)s->y.ld * ck_nn_type_size(s->y.type);
    gather(k->dev->kernels, s, a.y0 - s->dilation, a.x0 - s->dilation, (uint16_t *)x);
    if (sums)
        memset(sums, 0, 2 * padded(s->y.c) * sizeof *sums);
    k->dev->kernels->conv_bf16(
        &(ck_cpu_conv_tile){.in = (int)padded(s->weight->in),
                            .out = s->y.c,
                            .dilation = s->dilation,
                            .rows = a.y1 - a.y0,
                            .columns = a.x1 - a.x0,
                            .x = x,
                            .w = s->weight->tiles,
                            .bias = s->weight->bias,
                            .y = ck_nn_pixel(&s->y, (size_t)a.y0 * (size_t)s->y.w + (size_t)a.x0),
                            .y_pixel = pixel,
                            .y_row = (size_t)s->y.w * pixel,
                            .bf16_y = s->y.type == CK_NN_BF16,
                            .sums = sums});
    if (sums)
        ck_cpu_group_sums(s, sums, padded(s->y.c), i);
}

void ck_cpu_conv_bf16(ck_nn *dev, const ck_nn_step *s)
{
    ck_cpu_parallel(dev, s, ck_nn_in_part(s) ? s->part->n : ck_nn_blocks(s->y.h) * ck_nn_blocks(s->y.w), tile_task);
}
