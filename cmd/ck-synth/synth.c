#include "ck-synth/synth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clamp.h"
#include "base/mem.h"
#include "image/colour.h"
#include "image/convert.h"
#include "ck-synth/synth_canvas.h"

#define PI 3.14159265f
#define SUBFRAMES 14 /* moments of an open shutter that are averaged for motion blur */

/* The subject, decided by the seed.  Lengths are pixels. */
typedef struct person {
    float u; /* a 1080th of the height, times the build */
    ck_vec neck;
    float skin[3], cloth[3], cloth2[3], hair[3], scarf[3], balloon[3];
    float hair_length, lean, wave_speed, wave_size, stripe;
    int side; /* the raised arm: -1 left, 1 right */
    bool has_scarf, has_balloon;
} person;

static const float skins[][3] = {
    {0.78f, 0.50f, 0.37f}, {0.60f, 0.36f, 0.25f}, {0.30f, 0.15f, 0.09f}, {0.13f, 0.06f, 0.035f}};
static const float hairs[][3] = {
    {0.02f, 0.014f, 0.01f}, {0.09f, 0.04f, 0.018f}, {0.42f, 0.27f, 0.11f}, {0.30f, 0.08f, 0.02f}};

static void pick(float to[3], const float from[3], ck_random *r)
{
    float k = ck_random_in(r, 0.85f, 1.15f);
    for (int i = 0; i < 3; i++)
        to[i] = from[i] * k;
}

/* A cloth colour unlike the screen's: the screen's channel is not the largest. */
static void dye(float to[3], bool blue, ck_random *r)
{
    int s = blue ? 2 : 1;
    for (int i = 0; i < 3; i++)
        to[i] = ck_random_in(r, 0.02f, 0.6f);
    float most = fmaxf(to[(s + 1) % 3], to[(s + 2) % 3]);
    to[s] = fminf(to[s], 0.9f * most);
}

static person make_person(const ck_synth *s, ck_random *r)
{
    person p = {.u = (float)s->h / 1080 * ck_random_in(r, 0.92f, 1.12f)};
    p.neck = (ck_vec){(float)s->w * ck_random_in(r, 0.44f, 0.56f), (float)s->h * ck_random_in(r, 0.56f, 0.62f)};
    pick(p.skin, skins[ck_random_next(r) % 4], r);
    pick(p.hair, hairs[ck_random_next(r) % 4], r);
    dye(p.cloth, s->blue, r);
    dye(p.cloth2, s->blue, r);
    dye(p.scarf, s->blue, r);
    dye(p.balloon, s->blue, r);
    p.hair_length = ck_random_in(r, 90, 330) * p.u;
    p.lean = ck_random_in(r, -0.12f, 0.12f);
    p.wave_speed = ck_random_in(r, 5, 11);
    p.wave_size = ck_random_in(r, 0.18f, 0.38f);
    p.stripe = ck_random_in(r, 0, 1) < 0.5f ? ck_random_in(r, 22, 60) * p.u : 0;
    p.side = ck_random_next(r) & 1 ? 1 : -1;
    p.has_scarf = ck_random_in(r, 0, 1) < 0.7f;
    p.has_balloon = ck_random_in(r, 0, 1) < 0.6f;
    return p;
}

static ck_material plain(const float colour[3], float depth)
{
    return (ck_material){.colour = {colour[0], colour[1], colour[2]}, .depth = depth, .opacity = 1};
}

static void ellipse(ck_canvas *c, ck_vec at, float rx, float ry, float edge, const ck_material *m)
{
    ck_canvas_ellipse e = {at, {rx, ry}};
    float box[4] = {at.x - rx, at.y - ry, at.x + rx, at.y + ry};
    ck_canvas_shape(c, box, ck_shape_ellipse, &e, edge, m);
}

static void capsule_box(const ck_capsule *s, float box[4])
{
    float r = fmaxf(s->ra, s->rb);
    box[0] = fminf(s->a.x, s->b.x) - r;
    box[1] = fminf(s->a.y, s->b.y) - r;
    box[2] = fmaxf(s->a.x, s->b.x) + r;
    box[3] = fmaxf(s->a.y, s->b.y) + r;
}

static void limb(ck_canvas *c, ck_capsule s, float edge, const ck_material *m)
{
    float box[4];
    capsule_box(&s, box);
    ck_canvas_shape(c, box, ck_shape_capsule, &s, edge, m);
}

/* Shoulders that fall to a chest: the smooth union of an ellipse and what is below it. */
static float torso_shape(const void *shape, float x, float y)
{
    const person *p = shape;
    float u = p->u, dx = fabsf(x - p->neck.x), dy = y - p->neck.y;
    float slope = 205 * u - 60 * u * expf(-fmaxf(dy, 0) / (150 * u));
    float shoulder = dy - 30 * u < 0 ? 1e3f * u : 0;
    float side = dx - slope, top = 46 * u + 0.00115f / u * dx * dx - dy;
    return fmaxf(fmaxf(side, top), shoulder > 0 && dx > 90 * u ? top : -1e9f);
}

static ck_vec head_at(const person *p, float t)
{
    return (ck_vec){p->neck.x + (p->lean * 120 + 9 * sinf(1.1f * t)) * p->u,
                    p->neck.y - (142 + 4 * sinf(1.7f * t)) * p->u};
}

static void draw_torso(ck_canvas *c, const person *p)
{
    float u = p->u;
    ck_material cloth = plain(p->cloth, 120 * u), skin = plain(p->skin, 46 * u);
    cloth.stripe = p->stripe;
    cloth.stripe_angle = 0.25f;
    float box[4] = {p->neck.x - 215 * u, p->neck.y + 30 * u, p->neck.x + 215 * u, (float)c->h + 9};
    ck_canvas_shape(c, box, torso_shape, p, 3 * u + 1, &cloth);
    limb(c, (ck_capsule){{p->neck.x, p->neck.y - 60 * u}, {p->neck.x, p->neck.y + 42 * u}, 45 * u, 58 * u}, 1.5f,
         &skin);
    ck_material collar = plain(p->cloth2, 16 * u);
    for (int s = -1; s <= 1; s += 2)
        limb(c,
             (ck_capsule){
                 {p->neck.x + (float)s * 66 * u, p->neck.y + 38 * u}, {p->neck.x, p->neck.y + 112 * u}, 15 * u, 11 * u},
             1.5f, &collar);
}

static void draw_face(ck_canvas *c, const person *p, ck_vec h)
{
    static const float white[3] = {0.8f, 0.8f, 0.78f}, dark[3] = {0.02f, 0.015f, 0.012f};
    float u = p->u;
    ck_material skin = plain(p->skin, 90 * u), lip = plain(p->skin, 6 * u), brow = plain(p->hair, 0);
    lip.colour[1] *= 0.45f;
    lip.colour[2] *= 0.5f;
    for (int s = -1; s <= 1; s += 2)
        ellipse(c, (ck_vec){h.x + (float)s * 104 * u, h.y + 14 * u}, 17 * u, 29 * u, 1.5f, &skin);
    ellipse(c, h, 107 * u, 138 * u, 1.6f, &skin);
    for (int s = -1; s <= 1; s += 2) {
        ck_vec eye = {h.x + (float)s * 41 * u, h.y - 6 * u};
        ck_material m = plain(white, 0);
        ellipse(c, eye, 19 * u, 10 * u, 1.2f, &m);
        /* Eyes as green or blue as the screen: a key by colour alone makes holes here. */
        m = plain((float[3]){0.05f, 0.22f, 0.11f}, 0);
        ellipse(c, (ck_vec){eye.x + 2 * u, eye.y}, 8.5f * u, 8.5f * u, 1.2f, &m);
        m = plain(dark, 0);
        ellipse(c, (ck_vec){eye.x + 2 * u, eye.y}, 4 * u, 4 * u, 1, &m);
        limb(c, (ck_capsule){{eye.x - 22 * u, eye.y - 23 * u}, {eye.x + 22 * u, eye.y - 25 * u}, 4 * u, 5 * u}, 1.5f,
             &brow);
    }
    ck_material nose = plain(p->skin, 14 * u);
    for (int k = 0; k < 3; k++)
        nose.colour[k] *= 0.82f;
    limb(c, (ck_capsule){{h.x + 1 * u, h.y + 12 * u}, {h.x + 2 * u, h.y + 38 * u}, 6 * u, 13 * u}, 6 * u, &nose);
    limb(c, (ck_capsule){{h.x - 26 * u, h.y + 76 * u}, {h.x + 26 * u, h.y + 76 * u}, 7 * u, 7 * u}, 1.5f, &lip);
}

/* A hair's own tone: a wig in one colour looks like a helmet. */
static void tone(float to[3], const float hair[3], ck_random *r)
{
    float k = ck_random_in(r, 0.55f, 1.7f);
    for (int i = 0; i < 3; i++)
        to[i] = hair[i] * k + 0.004f;
}

/* Hair that grows from the scalp at `angle`, falls, and flutters. */
static void strand(ck_canvas *c, const person *p, ck_vec h, float t, float angle, float reach, float width,
                   ck_random *r)
{
    float u = p->u, flutter = ck_random_in(r, 0, 6.3f), wild = ck_random_in(r, -0.5f, 0.5f);
    ck_vec root = {h.x + cosf(angle) * 104 * u, h.y + sinf(angle) * 132 * u};
    float out = reach * ck_random_in(r, 0.25f, 0.5f), drop = reach * ck_random_in(r, 0.5f, 1);
    float sway = (14 * sinf(2.3f * t + flutter) + 40 * wild) * u;
    ck_vec mid = {root.x + cosf(angle) * out, root.y + sinf(angle) * out};
    ck_vec tip = {mid.x + cosf(angle) * out * 0.6f + sway, mid.y + drop * (0.35f + 0.65f * fabsf(cosf(angle)))};
    float colour[3];
    tone(colour, p->hair, r);
    ck_canvas_hair(c, root, mid, tip, width, colour, ck_random_in(r, 0.75f, 1));
}

static void draw_back_hair(ck_canvas *c, const person *p, ck_vec h, float t, ck_random *r)
{
    float u = p->u;
    ck_material m = plain(p->hair, 60 * u);
    ellipse(c, (ck_vec){h.x, h.y - 6 * u + 0.28f * p->hair_length}, 126 * u, 140 * u + 0.3f * p->hair_length, 4 * u,
            &m);
    for (int i = 0; i < 420; i++)
        strand(c, p, h, t, ck_random_in(r, -PI - 0.55f, 0.55f), p->hair_length, ck_random_in(r, 1, 2.6f) * u + 0.3f, r);
}

static float cap_shape(const void *shape, float x, float y)
{
    const ck_canvas_ellipse *e = shape; /* the scalp; the brow line is an arc through its middle */
    float d = ck_shape_ellipse(e, x, y), dx = (x - e->c.x) / e->r.x;
    return fmaxf(d, y - (e->c.y - 0.36f * e->r.y + 0.62f * e->r.y * dx * dx * dx * dx));
}

static void draw_front_hair(ck_canvas *c, const person *p, ck_vec h, float t, ck_random *r)
{
    float u = p->u;
    ck_canvas_ellipse scalp = {{h.x, h.y - 4 * u}, {119 * u, 147 * u}};
    ck_material m = plain(p->hair, 70 * u);
    m.stripe = 9 * u;
    float box[4] = {scalp.c.x - scalp.r.x, scalp.c.y - scalp.r.y, scalp.c.x + scalp.r.x, scalp.c.y + 0.4f * scalp.r.y};
    ck_canvas_shape(c, box, cap_shape, &scalp, 3 * u, &m);
    /* Stray hairs of 1/3 to 2.5 pixels, which good and bad keyers treat differently. */
    for (int i = 0; i < 230; i++)
        strand(c, p, h, t, ck_random_in(r, -PI - 0.1f, 0.1f), ck_random_in(r, 60, 260) * u,
               ck_random_in(r, 0.35f, 2.4f) * u, r);
}

/* The upper arm stays, the forearm and its hand wave while the shutter is open. */
static void draw_arm(ck_canvas *c, const person *p, float t)
{
    float u = p->u, s = (float)p->side;
    ck_vec shoulder = {p->neck.x + s * 178 * u, p->neck.y + 118 * u},
           elbow = {p->neck.x + s * 300 * u, p->neck.y + 150 * u};
    ck_material cloth = plain(p->cloth, 52 * u);
    limb(c, (ck_capsule){shoulder, elbow, 58 * u, 50 * u}, 2, &cloth);
    float all[4] = {elbow.x - 420 * u, elbow.y - 440 * u, elbow.x + 420 * u, elbow.y + 140 * u};
    for (int part = 0; part < 2; part++) {
        for (int i = 0; i < SUBFRAMES; i++) {
            float at = t + ((float)i / SUBFRAMES - 0.5f) / 48,
                  angle = s * (0.22f + p->wave_size * sinf(p->wave_speed * at));
            ck_vec up = {sinf(angle), -cosf(angle)}, wrist = {elbow.x + 205 * u * up.x, elbow.y + 205 * u * up.y};
            ck_capsule bones[6] = {{elbow, wrist, 46 * u, 34 * u}};
            int n = 1;
            if (part) { /* the palm and five fingers */
                ck_vec palm = {wrist.x + 62 * u * up.x, wrist.y + 62 * u * up.y};
                bones[0] = (ck_capsule){wrist, palm, 29 * u, 39 * u};
                for (; n < 6; n++) {
                    float spread = angle + s * (n == 5 ? -1.05f : 0.21f * ((float)n - 2.3f)),
                          len = n == 5 ? 74 : 100 - 7 * fabsf((float)n - 2.4f);
                    ck_vec tip = {palm.x + len * u * sinf(spread), palm.y - len * u * cosf(spread)};
                    bones[n] = (ck_capsule){palm, tip, 14 * u, 10.5f * u};
                }
            }
            for (int k = 0; k < n; k++) {
                float box[4];
                capsule_box(&bones[k], box);
                ck_canvas_add(c, box, ck_shape_capsule, &bones[k], 2, 1.0f / SUBFRAMES);
            }
        }
        ck_material m = part ? plain(p->skin, 0) : plain(p->cloth, 0);
        for (int k = 0; k < 3; k++)
            m.colour[k] *= 0.86f;
        ck_canvas_flush(c, all, &m);
    }
}

/* A scarf of thin stuff in the wind, half transparent, thinner along its folds. */
static void draw_scarf(ck_canvas *c, const person *p, float t)
{
    float u = p->u, s = -(float)p->side;
    for (int i = 0; i < 60; i++) {
        float k = (float)i / 59, q = k * 5 - 4.2f * t;
        ck_vec a = {p->neck.x + s * (40 + 470 * k) * u, p->neck.y + (22 + 40 * k + (12 + 46 * k) * sinf(q)) * u};
        ck_material m = plain(p->scarf, 0);
        m.opacity = (0.34f + 0.24f * sinf(2.1f * q)) * (1 - 0.55f * k);
        limb(c, (ck_capsule){a, {a.x + s * 4 * u, a.y + (58 + 30 * k) * u}, 5 * u, 4 * u}, 3 * u, &m);
    }
    ck_material band = plain(p->scarf, 22 * u);
    limb(c,
         (ck_capsule){
             {p->neck.x - 62 * u, p->neck.y + 18 * u}, {p->neck.x + 62 * u, p->neck.y + 18 * u}, 27 * u, 27 * u},
         2, &band);
}

/* A balloon one can see through: thin in the middle, denser at its rim, a glint, a string. */
static void draw_balloon(ck_canvas *c, const person *p, float t)
{
    float u = p->u, s = -(float)p->side;
    ck_vec at = {p->neck.x + s * (330 + 14 * sinf(0.9f * t)) * u, p->neck.y - (215 + 10 * sinf(1.3f * t)) * u};
    float grey[3] = {0.5f, 0.5f, 0.5f}, white[3] = {1, 1, 1};
    ck_canvas_hair(c, (ck_vec){at.x, at.y + 118 * u}, (ck_vec){at.x + 30 * sinf(2 * t) * u, at.y + 320 * u},
                   (ck_vec){p->neck.x + s * 190 * u, (float)c->h + 40}, 1.6f * u + 0.4f, grey, 1);
    ck_material m = plain(p->balloon, 0);
    for (int i = 0; i < 5; i++) { /* shells, each adding to the rim */
        float r = 1 - 0.035f * (float)i;
        m.opacity = 0.16f;
        ellipse(c, at, 98 * r * u, 118 * r * u, 2, &m);
    }
    m = plain(white, 0);
    m.opacity = 0.5f;
    ellipse(c, (ck_vec){at.x - 34 * u, at.y - 48 * u}, 15 * u, 24 * u, 10 * u, &m);
}

typedef struct screen {
    float colour[3], light_x, light_y, fall, fold, fold_period, bend, spill, exposure, grain;
    ck_vec markers[9];
    int markers_n;
} screen;

static screen make_screen(const ck_synth *s, ck_random *r)
{
    static const float tints[2][3] = {{0.030f, 0.36f, 0.055f}, {0.018f, 0.075f, 0.44f}};
    screen k = {.light_x = ck_random_in(r, 0.25f, 0.75f), .light_y = ck_random_in(r, 0.2f, 0.7f)};
    float bright = ck_random_in(r, 0.75f, 1.2f);
    for (int i = 0; i < 3; i++)
        k.colour[i] = tints[s->blue][i] * bright * ck_random_in(r, 0.8f, 1.25f);
    k.fall = ck_random_in(r, 0.25f, 0.75f);
    k.fold = ck_random_in(r, 0, 0.07f);
    k.fold_period = ck_random_in(r, 60, 170) * (float)s->h / 1080;
    k.bend = ck_random_in(r, 0.2f, 1.2f);
    k.spill = ck_random_in(r, 0.01f, 0.05f);
    k.exposure = ck_random_in(r, 0.88f, 1.12f);
    k.grain = ck_random_in(r, 0.003f, 0.011f);
    k.markers_n = (int)(ck_random_next(r) % 10);
    for (int i = 0; i < k.markers_n; i++)
        k.markers[i] =
            (ck_vec){(float)s->w * ck_random_in(r, 0.05f, 0.95f), (float)s->h * ck_random_in(r, 0.06f, 0.9f)};
    return k;
}

/* Coverage of a pixel by the tracking crosses. */
static float marker(const screen *k, float x, float y, float u)
{
    float most = 0;
    for (int i = 0; i < k->markers_n; i++) {
        float dx = fabsf(x - k->markers[i].x), dy = fabsf(y - k->markers[i].y);
        float d = fminf(fmaxf(dx - 22 * u, dy - 4 * u), fmaxf(dy - 22 * u, dx - 4 * u));
        float v = 0.5f - d / 2;
        most = fmaxf(most, ck_clamp01(v));
    }
    return most;
}

/* Composite over the screen, in place: c->p becomes the plate, linear. */
static void put_screen(ck_canvas *c, const screen *k)
{
    float u = (float)c->h / 1080;
    for (int y = 0; y < c->h; y++) {
        for (int x = 0; x < c->w; x++) {
            float fx = (float)x / (float)c->w - k->light_x, fy = (float)y / (float)c->h - k->light_y;
            float light = 1 - k->fall * (fx * fx + fy * fy);
            light += k->fold * sinf(6.2832f * (float)x / k->fold_period + k->bend * sinf((float)y / (70 * u)));
            light *= 1 - 0.62f * marker(k, (float)x + 0.5f, (float)y + 0.5f, u);
            long i = (long)y * c->w + x;
            float a = c->a[i], edge = 1 - fabsf(2 * a - 1), spill = k->spill * (0.35f + 0.65f * edge) * a;
            for (int b = 0; b < 3; b++)
                c->p[b][i] = (c->p[b][i] + k->colour[b] * (light * (1 - a) + spill)) * k->exposure;
        }
    }
}

/* sRGB, grain (nearly normal: the sum of four uniforms), 8 bits. */
static void expose(const ck_canvas *c, float grain, uint64_t seed, uint8_t *rgb)
{
    size_t n = (size_t)c->w * (size_t)c->h;
    ck_random r = {seed};
    for (int b = 0; b < 3; b++) {
        ck_linear_to_srgb(c->p[b], c->p[b], n);
        for (size_t i = 0; i < n; i++) {
            uint64_t z = ck_random_next(&r);
            float sum = (float)((z & 65535) + (z >> 16 & 65535) + (z >> 32 & 65535) + (z >> 48)) / 65535 - 2;
            c->p[b][i] += grain * 1.7320508f * sum; /* four uniforms have a variance of 1/3 */
        }
        ck_f32_to_u8(c->p[b], rgb + (size_t)b * n, n);
    }
}

static void draw_subject(ck_canvas *c, const person *p, float t, ck_random *r)
{
    ck_vec h = head_at(p, t);
    if (p->has_balloon)
        draw_balloon(c, p, t);
    draw_back_hair(c, p, h, t, r);
    draw_torso(c, p);
    if (p->has_scarf)
        draw_scarf(c, p, t);
    draw_face(c, p, h);
    draw_front_hair(c, p, h, t, r);
    draw_arm(c, p, t);
}

/* Straight sRGB foreground from premultiplied linear. */
static void straighten(const ck_canvas *c, float *fg)
{
    size_t n = (size_t)c->w * (size_t)c->h;
    for (int b = 0; b < 3; b++) {
        for (size_t i = 0; i < n; i++)
            fg[(size_t)b * n + i] = c->a[i] > 1e-6f ? c->p[b][i] / c->a[i] : 0;
    }
    ck_linear_to_srgb(fg, fg, 3 * n);
}

ck_status ck_synth_draw(const ck_synth *s, int t, uint8_t *rgb, float *alpha, float *fg, ck_error *e)
{
    size_t n = (size_t)s->w * (size_t)s->h;
    ck_buffer *buf = ck_buffer_new(4 * n * sizeof(float));
    if (!buf)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for a canvas of %d x %d", s->w, s->h);
    float *p = buf->data;
    memset(p, 0, 4 * n * sizeof *p);
    memset(alpha, 0, n * sizeof *alpha);
    ck_canvas c = {.w = s->w, .h = s->h, .p = {p, p + n, p + 2 * n}, .cover = p + 3 * n, .a = alpha};
    ck_random r = {s->seed * 0xD1342543DE82EF95u + s->blue};
    person who = make_person(s, &r);
    screen k = make_screen(s, &r);
    draw_subject(&c, &who, (float)t / 24, &r);
    straighten(&c, fg);
    put_screen(&c, &k);
    ck_random grain = {s->seed ^ (uint64_t)t << 32};
    expose(&c, k.grain, ck_random_next(&grain), rgb);
    ck_buffer_unref(buf);
    return CK_OK;
}
