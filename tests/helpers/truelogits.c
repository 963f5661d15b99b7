/* truelogits SIZE SHORT < STREAM: add alpha_logits and fg_logits of a network of SIZE x SIZE that knows the truth.
 *
 * They are made from ck-synth's true_alpha and true_fg, which are removed.  Decided areas stay SHORT of 0 and 1, as
 * with trained networks.  The right SHORT for a trained network can only be measured with its weights. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "image/resample.h"
#include "stream/stream.h"

static void must(ck_status s, const ck_error *e)
{
    if (s == CK_OK)
        return;
    fprintf(stderr, "truelogits: %s\n", e->text);
    exit(1);
}

static void add(ck_frame *f, const char *from, const char *to, int c, int size, float shy)
{
    ck_plane *p, *q;
    ck_error e;
    must(ck_frame_need(f, from, c, 1u << CK_F32, &p, &e), &e);
    ck_plane truth = *p;
    must(ck_frame_add(f, to, CK_F32, c, size / 4, size / 4, "", &q, &e), &e);
    float *v = ck_plane_data(q);
    must(ck_resample(truth.data, c, truth.h, truth.w, v, size / 4, size / 4, CK_BILINEAR_AA, &e), &e);
    for (size_t i = 0; i < q->bytes / sizeof *v; i++) {
        float a = fminf(fmaxf(v[i], shy), 1 - shy);
        v[i] = logf(a / (1 - a));
    }
    ck_frame_remove(f, from);
}

int main(int argc, char **argv)
{
    int size = argc == 3 ? atoi(argv[1]) : 0;
    float shy = argc == 3 ? (float)atof(argv[2]) : 0;
    if (size < 32 || size % 32 || !(shy > 0 && shy < 0.5f)) {
        fprintf(stderr, "usage: truelogits SIZE SHORT < STREAM > STREAM\n");
        return 2;
    }
    ck_reader *r;
    ck_writer *w;
    ck_error e;
    ck_frame f = {0};
    must(ck_reader_open(STDIN_FILENO, "truelogits", 0, &r, &e), &e);
    must(ck_writer_open(STDOUT_FILENO, 0, ck_reader_head_view(r), &w, &e), &e);
    ck_status s;
    for (; (s = ck_reader_next(r, &f, &e)) == CK_OK; ck_frame_free(&f)) {
        add(&f, "true_alpha", "alpha_logits", 1, size, shy);
        add(&f, "true_fg", "fg_logits", 3, size, shy);
        must(ck_writer_frame(w, &f, &e), &e);
    }
    must(s == CK_END ? CK_OK : s, &e);
    must(ck_writer_end(w, &e), &e);
    ck_writer_free(w);
    ck_reader_free(r);
    return 0;
}
