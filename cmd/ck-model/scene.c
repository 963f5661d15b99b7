#include "ck-model/scene.h"

#include <math.h>

static double clamp01(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* rgb of one pixel, and its hint, at u, v from -0.5 to 0.5; edge: pixels per unit. */
static double pixel(double u, double v, double edge, double rgb[3])
{
    double r = hypot(u, v), fringe = 0.3 + 0.03 * sin(24 * atan2(v, u)) + 0.01 * sin(90 * atan2(v, u));
    double a = clamp01((fringe - r) * edge / 3 + 0.5);
    double subject[3] = {0.6 + 0.3 * sin(40 * u), 0.45 + 0.3 * v, 0.4 + 0.2 * sin(30 * v)};
    double screen[3] = {0.12 + 0.1 * u, 0.6 + 0.2 * v, 0.18};
    for (int c = 0; c < 3; c++)
        rgb[c] = a * subject[c] + (1 - a) * screen[c];
    return clamp01((0.27 - r) * edge / 16 + 0.5);
}

ck_status ck_scene_of_model(int h, int w, bool blue, ck_frame *f, ck_error *e)
{
    ck_plane *p;
    ck_status s = ck_frame_add(f, "rgb", CK_F32, 3, h, w, "srgb", &p, e);
    if (s != CK_OK)
        return s;
    float *out = ck_plane_data(p);
    s = ck_frame_add(f, "hint", CK_F32, 1, h, w, "", &p, e);
    if (s != CK_OK)
        return s;
    float *hint = ck_plane_data(p);
    size_t n = (size_t)h * (size_t)w;
    for (size_t i = 0; i < n; i++) {
        size_t x = i % (size_t)w, y = i / (size_t)w;
        double rgb[3], u = ((double)x + 0.5) / w - 0.5, v = ((double)y + 0.5) / h - 0.5;
        hint[i] = (float)pixel(u, v, w, rgb);
        out[i] = (float)rgb[0];
        out[n + i] = (float)rgb[blue ? 2 : 1];
        out[2 * n + i] = (float)rgb[blue ? 1 : 2];
    }
    return CK_OK;
}
