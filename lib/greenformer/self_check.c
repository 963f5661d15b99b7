#include "greenformer/self_check.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "greenformer/mini.h"
#include "greenformer/network.h"
#include "greenformer/verdict.h"
#include "nn/check.h"

ck_status ck_self_check_skip(const char *device, int threads, ck_nn_precision p, const char *without, ck_nn **dev,
                             ck_error *e)
{
    ck_status s = ck_nn_open(device, threads, dev, e);
    if (s != CK_OK)
        return s;
    s = ck_nn_set_precision(*dev, p, e);
    if (s == CK_OK) {
        ck_nn_do_without(*dev, without);
        return s;
    }
    ck_nn_close(*dev);
    *dev = NULL;
    return s;
}

/* ---- the finals of a small network ---- */

#define PLATE_H 50 /* of another size than the network: planes are resampled on the device */
#define PLATE_W 70
#define PLATE (PLATE_H * PLATE_W)

/* Largest and mean difference of the finals: at least three times those that rounding causes, 9.3e-6 and 1.6e-7 at f32,
 * 1.1e-2 and 2.1e-4 at f16, 9.7e-2 and 1.7e-3 at bf16 (cuda's emulation and cpu). */
typedef struct bound {
    double most, mean;
} bound;

static bound bound_of(ck_nn_precision p)
{
    return p == CK_NN_PRECISION_F32    ? (bound){1e-4, 2e-6}
           : p == CK_NN_PRECISION_BF16 ? (bound){0.4, 7e-3}
                                       : (bound){0.04, 9e-4};
}

/* A disc that fades into its surroundings, with some grain. */
static void paint(unsigned char *rgb, unsigned char *hint)
{
    unsigned state = 1;
    for (int i = 0; i < PLATE; i++) {
        int y = i / PLATE_W - PLATE_H / 2, x = i % PLATE_W - PLATE_W / 2, d = y * y + x * x;
        int in = d < 250 ? 255 : d > 500 ? 0 : 510 - d;
        hint[i] = (unsigned char)in;
        for (int c = 0; c < 3; c++) {
            state = state * 1664525u + 1013904223u;
            rgb[c * PLATE + i] = (unsigned char)((in * (c == 1 ? 90 : 150) + (255 - in) * (c == 1 ? 180 : 40)) / 255 +
                                                 (int)(state >> 28));
        }
    }
}

static ck_status picture(ck_frame *f, ck_error *e)
{
    ck_plane *rgb, *hint, *p;
    ck_status s = ck_frame_add(f, "hint", CK_U8, 1, PLATE_H, PLATE_W, "", &hint, e);
    unsigned char *coverage = s == CK_OK ? ck_plane_data(hint) : NULL;
    if (s == CK_OK)
        s = ck_frame_add(f, "rgb", CK_U8, 3, PLATE_H, PLATE_W, "srgb", &rgb, e);
    if (s == CK_OK) {
        paint(ck_plane_data(rgb), coverage);
        s = ck_frame_add(f, "alpha", CK_F32, 1, PLATE_H, PLATE_W, "", &p, e);
    }
    return s == CK_OK ? ck_frame_add(f, "fg", CK_F32, 3, PLATE_H, PLATE_W, "srgb", &p, e) : s;
}

/* finals: alpha, then fg. */
static ck_status run(const ck_mini *m, const char *device, ck_nn_precision p, const char *without,
                     float finals[4 * PLATE], ck_error *e)
{
    ck_network_options o = {.h = CK_MINI_SIDE / 2, .w = CK_MINI_SIDE, .infer = true, .refine = true, .scale = 1};
    ck_frame f = {0};
    ck_network *n = NULL;
    ck_nn *dev;
    ck_status s = ck_self_check_skip(device, 0, p, without, &dev, e);
    if (s == CK_OK)
        s = ck_network_open_on(dev, m->weights, &m->sizes, &o, &n, e);
    if (s == CK_OK)
        s = picture(&f, e);
    if (s == CK_OK) {
        ck_network_frame job = {.rgb = ck_frame_plane(&f, "rgb"),
                                .hint = ck_frame_plane(&f, "hint"),
                                .alpha = ck_frame_plane(&f, "alpha"),
                                .fg = ck_frame_plane(&f, "fg")};
        s = ck_network_run_frame(n, &job, false, e);
        memcpy(finals, job.alpha->data, PLATE * sizeof *finals);
        memcpy(finals + PLATE, job.fg->data, 3 * (size_t)PLATE * sizeof *finals);
    }
    ck_frame_free(&f);
    ck_network_close(n);
    return s;
}

static ck_status compare(const float *a, const float *b, ck_nn_precision p, ck_error *e)
{
    double most = 0, sum = 0;
    bound is = bound_of(p);
    for (int i = 0; i < 4 * PLATE; i++) {
        double d = fabs((double)a[i] - (double)b[i]);
        most = isnan(most) || d <= most ? most : d; /* NaN is worse than any number */
        sum += d;
    }
    if (most <= is.most && sum <= is.mean * 4 * PLATE)
        return CK_OK;
    return ck_fail(e, CK_ERR_UNSUPPORTED,
                   "a small network's finals differ from the CPU's by %.1e, on average %.1e; %.0e and %.0e are allowed",
                   most, sum / (4 * PLATE), is.most, is.mean);
}

/* Failures of the CPU are returned as they are. */
static ck_status check_finals(const char *device, ck_nn_precision p, const char *without, ck_error *e)
{
    static float here[4 * PLATE], there[4 * PLATE]; /* under the lock of `judge` */
    ck_mini m;
    ck_status s = ck_mini_new(&m, e);
    if (s == CK_OK)
        s = run(&m, "cpu", CK_NN_PRECISION_F32, "", here, e);
    if (s == CK_ERR_UNSUPPORTED) /* a build without it */
        s = run(&m, "ref", CK_NN_PRECISION_F32, "", here, e);
    if (s == CK_OK)
        s = run(&m, device, p, without, there, e);
    if (s == CK_ERR_FORMAT)
        s = ck_fail(e, CK_ERR_UNSUPPORTED, "a small network's finals are no numbers");
    if (s == CK_OK)
        s = compare(there, here, p, e);
    ck_mini_free(&m);
    return s;
}

/* ---- the verdict ---- */

/* Only running out of memory says nothing about the device. */
static ck_status judge(const char *device, ck_nn_precision p, ck_verdict *v, ck_error *e)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    ck_nn_findings found;
    pthread_mutex_lock(&lock);
    ck_status s = ck_nn_check(device, p, &found, e);
    if (s == CK_OK)
        s = check_finals(device, p, found.without, e);
    pthread_mutex_unlock(&lock);
    *v = (ck_verdict){.fit = s == CK_OK};
    snprintf(v->without, sizeof v->without, "%s", found.without);
    snprintf(v->why, sizeof v->why, "%s", s == CK_OK ? found.first.text : e->text);
    return s == CK_ERR_MEMORY ? s : CK_OK;
}

/* Raise it when the check looks at more. */
#define VERSION 2

static ck_status verdict_on(ck_nn *dev, const char *device, bool again, ck_verdict *v, ck_error *e)
{
    char is[512], key[640];
    if (!dev->ops->identify)
        return judge(device, dev->precision, v, e);
    dev->ops->identify(dev, is, sizeof is);
    snprintf(key, sizeof key, "check %d, %s, %s", VERSION, ck_nn_precision_name(dev->precision), is);
    if (!again && ck_verdict_known(key, v))
        return CK_OK;
    ck_status s = judge(device, dev->precision, v, e);
    if (s == CK_OK)
        ck_verdict_keep(key, v);
    return s;
}

/* The device failed: take the CPU in place of "auto". */
static ck_status instead(const char *device, int threads, ck_nn_precision p, const ck_verdict *v, ck_nn **dev,
                         ck_error *e)
{
    ck_error why;
    bool automatic = !strcmp(device, "auto");
    ck_fail(&why, CK_ERR_UNSUPPORTED, "%s failed the self-check: %s", automatic ? "cuda:0" : device, v->why);
    ck_status s = automatic ? ck_self_check_skip("cpu", threads, p, "", dev, e) : CK_ERR_UNSUPPORTED;
    if (s == CK_OK) {
        (*dev)->passed_over = why;
        ck_fail(&(*dev)->distrusted, s, "%s: the network runs on the CPU", why.text);
    } else if (!automatic)
        ck_fail(e, s, "%s: use --device cpu", why.text);
    return s;
}

ck_status ck_self_check_open(const char *device, int threads, ck_nn_precision p, bool again, ck_nn **dev, ck_error *e)
{
    ck_verdict v;
    const char *checked = strcmp(device, "auto") ? device : "cuda:0";
    ck_status s = ck_self_check_skip(device, threads, p, "", dev, e);
    if (s != CK_OK || !(*dev)->ops->without)
        return s;
    s = verdict_on(*dev, checked, again, &v, e);
    if (s == CK_OK && v.fit) {
        ck_nn_do_without(*dev, v.without);
        if (*v.why)
            ck_fail(&(*dev)->distrusted, s, "%s failed the self-check: plainer kernels replace%s: %s", checked,
                    v.without, v.why);
        return CK_OK;
    }
    ck_nn_close(*dev);
    *dev = NULL;
    return s == CK_OK ? instead(device, threads, p, &v, dev, e) : s;
}
