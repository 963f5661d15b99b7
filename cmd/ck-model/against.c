#include "ck-model/against.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "ck-model/scene.h"
#include "checkpoint/find.h"
#include "greenformer/finals.h"
#include "greenformer/network.h"
#include "image/gamut.h"
#include "io/still.h"

typedef struct change {
    double top, mean;
} change;

static change change_of(const float *a, const float *b, size_t n)
{
    change c = {0};
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - (double)b[i]);
        c.top = d > c.top ? d : c.top;
        c.mean += d;
    }
    c.mean /= n ? (double)n : 1;
    return c;
}

static void print_change(const char *name, change c)
{
    printf("%-8s max %.1e, mean %.1e\n", name, c.top, c.mean);
}

/* ---- tensors ---- */

static bool same_shape(const ck_tensor *a, const ck_tensor *b)
{
    bool same = a->dims == b->dims;
    for (int d = 0; same && d < a->dims; d++)
        same = a->shape[d] == b->shape[d];
    return same;
}

static ck_status tensor_change(const ck_tensor *a, const ck_tensor *b, change *c, ck_error *e)
{
    float *x = malloc(a->count * sizeof *x + 1), *y = malloc(b->count * sizeof *y + 1);
    ck_status s = x && y ? ck_tensor_f32(a, x, e) : ck_fail(e, CK_ERR_MEMORY, "out of memory for '%s'", a->name);
    if (s == CK_OK)
        s = ck_tensor_f32(b, y, e);
    if (s == CK_OK)
        *c = change_of(x, y, a->count);
    free(x);
    free(y);
    return s;
}

/* Print a line if the tensors differ; *differ is set. */
static ck_status compare_tensor(const ck_tensor *a, const ck_tensor *b, bool *differ, ck_error *e)
{
    char here[CK_SHAPE_TEXT], there[CK_SHAPE_TEXT];
    change c = {0};
    *differ = true;
    if (!same_shape(a, b)) {
        printf("%s is %s, there %s\n", a->name, ck_shape_text(a->shape, a->dims, here),
               ck_shape_text(b->shape, b->dims, there));
        return CK_OK;
    }
    ck_status s = tensor_change(a, b, &c, e);
    *differ = c.top > 0;
    if (s == CK_OK && *differ)
        printf("%s max %.1e, mean %.1e\n", a->name, c.top, c.mean);
    return s;
}

/* Float tensors of `a` that `b` does not have. */
static size_t count_alone(const ck_weights *a, const ck_weights *b)
{
    size_t n = 0;
    for (size_t i = 0; i < ck_weights_count(a); i++)
        n += ck_dtype_is_float(ck_weights_at(a, i)->dtype) && !ck_weights_find(b, ck_weights_at(a, i)->name);
    return n;
}

static ck_status compare_tensors(const ck_weights *a, const ck_weights *b, ck_error *e)
{
    size_t both = 0, differ = 0;
    ck_status s = CK_OK;
    for (size_t i = 0; i < ck_weights_count(a) && s == CK_OK; i++) {
        const ck_tensor *x = ck_weights_at(a, i), *y = ck_weights_find(b, x->name);
        bool other = false;
        if (!y || !ck_dtype_is_float(x->dtype) || !ck_dtype_is_float(y->dtype))
            continue;
        s = compare_tensor(x, y, &other, e);
        both++;
        differ += other;
    }
    if (s == CK_OK)
        printf("weights  %zu of %zu differ; only here %zu, only there %zu\n", differ, both, count_alone(a, b),
               count_alone(b, a));
    return s;
}

/* ---- finals ---- */

static ck_status read_picture(const ck_against *a, int h, int w, ck_frame *f, ck_error *e)
{
    if (!a->plate)
        return ck_scene_of_model(h, w, ck_checkpoint_is_blue(a->path), f, e);
    ck_status s = ck_still_read(a->plate, CK_WANT_RGB, "rgb", f, e);
    if (s != CK_OK)
        return ck_fail_in(e, s, a->plate);
    s = ck_still_read(a->hint, CK_WANT_HINT, "hint", f, e);
    return s == CK_OK ? s : ck_fail_in(e, s, a->hint);
}

/* Run the frame, whose planes `alpha` and `fg` are made, in float32. */
static ck_status run(const ck_weights *w, const ck_sizes *z, const ck_network_options *how, ck_frame *f, ck_error *e)
{
    static const ck_finals_options native = {.scale = 1, .native = true};
    ck_network *net;
    ck_gamut g;
    ck_gamut_visit v;
    ck_status s = ck_network_open(w, z, how, &net, e);
    if (s != CK_OK)
        return s;
    ck_log_info("%s, %s", ck_network_device(net), ck_nn_precision_name(ck_network_precision(net)));
    ck_gamut_of(ck_meta_get(&f->meta, "primaries"), &g);
    s = ck_gamut_enter(&g, f, &v, e);
    if (s == CK_OK)
        s = ck_finals_add(f, how->h, how->w, &native, e);
    if (s == CK_OK) {
        ck_network_frame job = {.rgb = ck_frame_plane(f, "rgb"),
                                .hint = ck_frame_plane(f, "hint"),
                                .alpha = ck_frame_plane(f, "alpha"),
                                .fg = ck_frame_plane(f, "fg")};
        s = ck_network_run_frame(net, &job, false, e);
    }
    s = ck_gamut_leave(&v, f, s, e);
    ck_network_close(net);
    return s;
}

/* A copy of the plane's buffer reference, kept while the next run replaces the plane. */
static ck_plane hold(ck_frame *f, const char *name)
{
    ck_plane p = *ck_frame_plane(f, name);
    ck_buffer_ref(p.buf);
    return p;
}

static void print_finals(const ck_plane *old, ck_frame *f, const char *name)
{
    const ck_plane *new = ck_frame_plane(f, name);
    print_change(name, change_of(new->data, old->data, new->bytes / sizeof(float)));
}

static ck_status compare_finals(const ck_against *a, const ck_weights *old, const ck_sizes *z,
                                const ck_model_options *o, ck_error *e)
{
    ck_network_options how = {.device = o->device,
                              .precision = CK_NN_PRECISION_F32,
                              .h = o->size.h ? o->size.h : 4 * a->sizes->grid,
                              .w = o->size.w ? o->size.w : 4 * a->sizes->grid,
                              .infer = true,
                              .refine = true,
                              .scale = 1};
    ck_frame f = {0};
    ck_status s = read_picture(a, how.h, how.w, &f, e);
    if (s == CK_OK) {
        s = run(old, z, &how, &f, e);
        if (s != CK_OK)
            ck_fail_in(e, s, o->against);
    }
    if (s == CK_OK) {
        ck_plane alpha = hold(&f, "alpha"), fg = hold(&f, "fg");
        s = run(a->weights, a->sizes, &how, &f, e);
        if (s != CK_OK)
            ck_fail_in(e, s, a->path);
        else {
            printf("finals   at %d x %d, f32, of %s\n", how.w, how.h, a->plate ? a->plate : "a synthetic picture");
            print_finals(&alpha, &f, "alpha");
            print_finals(&fg, &f, "fg");
        }
        ck_buffer_unref(alpha.buf);
        ck_buffer_unref(fg.buf);
    }
    ck_frame_free(&f);
    return s;
}

ck_status ck_against_print(const ck_against *a, const ck_model_options *o, ck_error *e)
{
    ck_weights *old;
    ck_spec t;
    ck_status s = ck_weights_open(o->against, &old, e);
    if (s == CK_OK)
        s = ck_spec_check(old, o->heads, false, CK_PART_ALL, &t, e);
    if (s != CK_OK) {
        ck_weights_free(old);
        return ck_fail_in(e, s, o->against);
    }
    printf("against  %s\n", o->against);
    s = compare_tensors(a->weights, old, e);
    if (s == CK_OK)
        s = compare_finals(a, old, &t.sizes, o, e);
    ck_weights_free(old);
    return s;
}
