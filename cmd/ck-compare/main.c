/* ck-compare: how far a matte is from the true one, frame by frame. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/tool.h"
#include "ck-compare/options.h"
#include "ck-compare/side.h"
#include "ck-compare/metrics.h"

#define MEASURES 8

static const char *const names[MEASURES] = {"MAD", "MSE", "Grad", "Conn", "dtSSD", "PSNR", "SSIM", "FG"};

typedef struct compare {
    const ck_compare_options *opts;
    ck_side truth, result;
    ck_buffer *last_truth, *last; /* of the frame before */
    int h, w;
    double sum[MEASURES];
    long count[MEASURES], frames;
} compare;

/* ---- output ---- */

static void print_number(const compare *c, double v)
{
    if (c->opts->json && isfinite(v))
        printf("%.9g", v);
    else if (c->opts->json)
        printf("null");
    else if (isnan(v))
        printf(" %10s", "-");
    else
        printf(" %10.4f", v);
}

/* A row; `frame` -1 is the mean. */
static void print_row(const compare *c, long frame, const double v[MEASURES])
{
    if (c->opts->json && frame >= 0)
        printf("%s\n{\"frame\":%ld", frame ? "," : "", frame);
    else if (c->opts->json)
        printf("\"frames\":%ld", c->frames);
    else if (frame >= 0)
        printf("%6ld", frame);
    else
        printf("%6s", "mean");
    for (int i = 0; i < MEASURES; i++) {
        if (c->opts->json)
            printf(",\"%s\":", names[i]);
        print_number(c, v[i]);
    }
    printf(c->opts->json ? "}" : "\n");
}

static void print_head(const compare *c)
{
    if (c->opts->json) {
        printf("{\"frames\":[");
        return;
    }
    printf("%6s", "frame");
    for (int i = 0; i < MEASURES; i++)
        printf(" %10s", names[i]);
    putchar('\n');
}

static void print_mean(const compare *c)
{
    double mean[MEASURES];
    for (int i = 0; i < MEASURES; i++)
        mean[i] = c->count[i] ? c->sum[i] / (double)c->count[i] : (double)NAN;
    if (c->opts->json)
        printf("],\n\"mean\":{");
    print_row(c, -1, mean);
    if (c->opts->json)
        printf("}\n");
}

/* ---- frames ---- */

/* The colour error; NaN unless both sides have a foreground. */
static ck_status colour(compare *c, const float *truth, double *out, ck_error *e)
{
    static const char *const true_fg[] = {"true_fg", "fg", NULL}, *const fg[] = {"fg", NULL};
    ck_buffer *a = NULL, *b = NULL;
    int h, w;
    *out = (double)NAN;
    bool there = ck_frame_plane(&c->truth.frame, "true_fg") || ck_frame_plane(&c->truth.frame, "fg");
    if (!there || !ck_frame_plane(&c->result.frame, "fg"))
        return CK_OK;
    ck_status s = ck_side_plane(&c->truth, NULL, true_fg, 3, &h, &w, &a, e);
    bool same = s == CK_OK && h == c->h && w == c->w;
    if (s == CK_OK)
        s = ck_side_plane(&c->result, NULL, fg, 3, &h, &w, &b, e);
    if (s == CK_OK && (!same || h != c->h || w != c->w))
        s = ck_fail(e, CK_ERR_FORMAT, "foreground and matte differ in size: take both from the same program");
    if (s == CK_OK)
        *out = ck_metrics_colour(truth, a->data, b->data, h, w);
    ck_buffer_unref(a);
    ck_buffer_unref(b);
    return s;
}

static ck_status measure(compare *c, const ck_buffer *truth, const ck_buffer *result, ck_error *e)
{
    ck_metrics m;
    double fg;
    ck_status s = ck_metrics_matte(truth->data, result->data, c->last_truth ? c->last_truth->data : NULL,
                                   c->last ? c->last->data : NULL, c->h, c->w, &m, e);
    if (s == CK_OK)
        s = colour(c, truth->data, &fg, e);
    if (s != CK_OK)
        return s;
    double v[MEASURES] = {m.mad, m.mse, m.grad, m.conn, c->last ? m.dtssd : (double)NAN, m.psnr, m.ssim, fg};
    for (int i = 0; i < MEASURES; i++)
        if (!isnan(v[i])) {
            c->sum[i] += v[i];
            c->count[i]++;
        }
    print_row(c, c->frames, v);
    c->frames++;
    return CK_OK;
}

static ck_status next_pair(compare *c, ck_error *e)
{
    static const char *const true_planes[] = {"true_alpha", "alpha", "hint", NULL}, *const planes[] = {"alpha", "hint",
                                                                                                       NULL};
    ck_buffer *truth = NULL, *result = NULL;
    int h, w, other_h, other_w;
    ck_status s = ck_side_plane(&c->truth, c->opts->truth_plane, true_planes, 1, &h, &w, &truth, e);
    if (s == CK_OK)
        s = ck_side_plane(&c->result, c->opts->plane, planes, 1, &other_h, &other_w, &result, e);
    if (s == CK_OK && (h != other_h || w != other_w))
        s = ck_fail(e, CK_ERR_FORMAT, "frame %ld: %s is %d x %d, but %s is %d x %d: scale one of them", c->frames,
                    c->truth.path, w, h, c->result.path, other_w, other_h);
    if (s == CK_OK && c->frames && (h != c->h || w != c->w))
        s = ck_fail(e, CK_ERR_FORMAT, "frame %ld: frame size changed in mid-stream: split the input", c->frames);
    c->h = s == CK_OK ? h : c->h;
    c->w = s == CK_OK ? w : c->w;
    if (s == CK_OK)
        s = measure(c, truth, result, e);
    ck_buffer_unref(c->last_truth);
    ck_buffer_unref(c->last);
    c->last_truth = truth;
    c->last = result;
    return s;
}

static ck_status run(compare *c, const ck_list *args, ck_error *e)
{
    if (args->n != 2)
        return ck_fail(e, CK_ERR_ARGUMENT, "two arguments are needed, TRUTH and RESULT, not %d: see ck-compare --help",
                       args->n);
    if (!strcmp(args->items[0], "-") && !strcmp(args->items[1], "-"))
        return ck_fail(e, CK_ERR_ARGUMENT, "only one of TRUTH and RESULT can be standard input");
    ck_status s = ck_side_open(&c->truth, args->items[0], c->opts->common.timeout, e);
    if (s == CK_OK)
        s = ck_side_open(&c->result, args->items[1], c->opts->common.timeout, e);
    if (s != CK_OK)
        return s;
    print_head(c);
    for (;;) {
        ck_error other;
        s = ck_side_next(&c->truth, e);
        ck_status t = s == CK_OK || s == CK_END ? ck_side_next(&c->result, &other) : s;
        if (s == CK_END && t == CK_END)
            break;
        if (s == CK_END || t == CK_END)
            return ck_fail(e, CK_ERR_FORMAT, "%s has only %ld frames: compare as many of the other",
                           s == CK_END ? c->truth.path : c->result.path, c->frames);
        if (s == CK_OK && t != CK_OK && e)
            *e = other;
        if (s != CK_OK || t != CK_OK)
            return s != CK_OK ? s : t;
        s = next_pair(c, e);
        if (s != CK_OK)
            return s;
    }
    if (!c->frames)
        return ck_fail(e, CK_ERR_FORMAT, "%s has no frames: nothing to compare", c->truth.path);
    print_mean(c);
    return fflush(stdout) || ferror(stdout) ? ck_fail_errno(e, "cannot write to standard output") : CK_OK;
}

static ck_status run_compare(const void *opts, const ck_list *args, ck_error *e)
{
    compare c = {.opts = opts, .truth.fd = -1, .result.fd = -1};
    ck_status s = run(&c, args, e);
    ck_side_close(&c.truth);
    ck_side_close(&c.result);
    ck_buffer_unref(c.last_truth);
    ck_buffer_unref(c.last);
    return s;
}

int main(int argc, char **argv)
{
    return ck_tool_main(&ck_compare_program, run_compare, argc, argv);
}
