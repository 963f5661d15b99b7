#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "greenformer/spec.h"

#define SHAPE(...) ((const size_t[5]){__VA_ARGS__}) /* ends with a 0 */

typedef struct writer {
    const ck_sizes *z;
    ck_spec_rows *out;
    size_t cap;
    bool full; /* out of memory */
} writer;

__attribute__((format(printf, 6, 7))) static void add(writer *w, bool alone, unsigned part, ck_nn_pack pack,
                                                      const size_t shape[5], const char *fmt, ...)
{
    ck_spec_row r = {.alone = alone, .part = part, .pack = pack}, *rows;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(r.name, sizeof r.name, fmt, ap);
    va_end(ap);
    for (; shape[r.dims]; r.dims++)
        r.shape[r.dims] = shape[r.dims];
    rows = w->full ? NULL : ck_grown(w->out->row, (size_t)w->out->n, &w->cap, sizeof *rows);
    w->full = !rows;
    if (w->full)
        return;
    w->out->row = rows;
    rows[w->out->n++] = r;
}

static void block(writer *w, int b, size_t in, size_t out)
{
    static const struct {
        const char *name;
        int rows, cols; /* in units of `out`; cols 0: a vector; -1: `in` columns */
    } layers[] = {{"attn.qkv", 3, -1}, {"attn.proj", 1, 1}, {"norm2", 1, 0}, {"mlp.fc1", 4, 1}, {"mlp.fc2", 1, 4}};
    add(w, false, CK_PART_ENCODER, CK_NN_SCALE, SHAPE(in), "encoder.model.blocks.%d.norm1", b);
    if (in != out)
        add(w, false, CK_PART_ENCODER, CK_NN_LINEAR, SHAPE(out, in), "encoder.model.blocks.%d.proj", b);
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        int cols = layers[i].cols;
        add(w, false, CK_PART_ENCODER, cols ? CK_NN_LINEAR : CK_NN_SCALE,
            SHAPE((size_t)layers[i].rows * out, cols < 0 ? in : (size_t)cols * out), "encoder.model.blocks.%d.%s", b,
            layers[i].name);
    }
}

static void encoder(writer *w)
{
    const ck_sizes *z = w->z;
    size_t in = (size_t)z->embed, places = (size_t)z->grid * (size_t)z->grid;
    add(w, true, CK_PART_ENCODER, CK_NN_TABLE, SHAPE(1, places, in), "encoder.model.pos_embed");
    add(w, false, CK_PART_ENCODER, CK_NN_PATCH, SHAPE(in, 4, 7, 7), "encoder.model.patch_embed.proj");
    for (int s = 0, b = 0; s < CK_ENCODER_STAGES; s++)
        for (int i = 0; i < z->depth[s]; i++, b++) {
            block(w, b, in, (size_t)z->width[s]);
            in = (size_t)z->width[s];
        }
}

static void decoder(writer *w, const char *head, size_t channels)
{
    static const char *const leaves[] = {"weight", "bias", "running_mean", "running_var"};
    size_t d = (size_t)w->z->decoder;
    for (int k = 0; k < CK_ENCODER_STAGES; k++)
        add(w, false, CK_PART_DECODERS, CK_NN_LINEAR, SHAPE(d, (size_t)w->z->width[k]), "%s.linear_c%d.proj", head,
            k + 1);
    add(w, true, CK_PART_DECODERS, CK_NN_LINEAR, SHAPE(d, CK_ENCODER_STAGES * d, 1, 1), "%s.linear_fuse.weight", head);
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++)
        add(w, true, CK_PART_DECODERS, CK_NN_LINEAR, SHAPE(d), "%s.bn.%s", head, leaves[i]);
    add(w, false, CK_PART_DECODERS, CK_NN_HEAD, SHAPE(channels, d, 1, 1), "%s.classifier", head);
}

static void refiner(writer *w)
{
    size_t r = (size_t)w->z->refiner;
    add(w, false, CK_PART_REFINER, CK_NN_CONV, SHAPE(r, 7, 3, 3), "refiner.stem.0");
    add(w, false, CK_PART_REFINER, CK_NN_SCALE, SHAPE(r), "refiner.stem.1");
    for (int k = 0; k < 8; k++) {
        add(w, false, CK_PART_REFINER, CK_NN_CONV, SHAPE(r, r, 3, 3), "refiner.res%d.conv%d", k / 2 + 1, k % 2 + 1);
        add(w, false, CK_PART_REFINER, CK_NN_SCALE, SHAPE(r), "refiner.res%d.gn%d", k / 2 + 1, k % 2 + 1);
    }
    add(w, false, CK_PART_REFINER, CK_NN_HEAD, SHAPE(4, r, 1, 1), "refiner.final");
}

ck_status ck_spec_rows_new(const ck_sizes *z, ck_spec_rows *out, ck_error *e)
{
    writer w = {.z = z, .out = out};
    *out = (ck_spec_rows){0};
    encoder(&w);
    decoder(&w, "alpha_decoder", 1);
    decoder(&w, "fg_decoder", 3);
    refiner(&w);
    return w.full ? ck_fail(e, CK_ERR_MEMORY, "out of memory for the weight table") : CK_OK;
}

const ck_spec_row *ck_spec_rows_find(const ck_spec_rows *t, const char *name)
{
    for (int i = 0; i < t->n; i++)
        if (!strcmp(t->row[i].name, name))
            return &t->row[i];
    return NULL;
}

void ck_spec_rows_free(ck_spec_rows *t)
{
    free(t->row);
    *t = (ck_spec_rows){0};
}
