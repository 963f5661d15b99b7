/* The straight foreground of a mixed pixel is what is left when the screen's share is taken out:
 *
 *     plate = alpha * F + (1 - alpha) * screen    so    F = (plate - (1 - alpha) * screen) / alpha
 *
 * in linear light.  Where alpha is small, grain and every error of alpha are divided by it, so
 * there the colour comes from the pixels around (near.c), and where those know nothing, from the
 * solid parts nearby. */
#include "key/part.h"

#include <string.h>

#include "base/clones.h"
#include "image/plate.h"

#define DEEP 6           /* map pixels (see part.h) from which on nothing shines through a solid's edge */
#define HARDLY 1e-3f     /* weight of solid pixels nearer to the edge than that */
#define SOLID 0.97f      /* alpha from which a pixel's colour is its own */
#define TRUST_FROM 0.05f /* alpha below which the unmixed colour says nothing */
#define TRUST_TO 0.5f    /* and from which it says all */
#define SPILL 0.11f      /* part of the screen's excess of its own channel that a solid may have from spill */
#define CLOTH 0.18f      /* and from which it is the cloth's own */
#define GONE_FROM 0.3f   /* part of its light that a colour lost with the screen's hue, from which it says less */
#define GONE_TO 0.6f     /* and from which nothing */
#define LEAST_PURE 0.02f /* excess of a screen of which a part can be told */

/* Colours on a map q times smaller: of the solid pixels, carried everywhere, and of neighbourhoods. */
typedef struct carried {
    float *lin;     /* (3,ch,cw) of the solids, linear */
    float *near;    /* (3,ch,cw) of neighbourhoods, linear */
    uint8_t *deep;  /* (ch,cw) the plate's colour is the foreground's without doubt */
    float *w;       /* (ch,cw) how much a pixel knows of its own; until the solids' colours are carried */
    int *distance;  /* (ch,cw) to where less than the whole pixel is solid; until then, too */
    float *row;     /* (3,w) of the plate */
    float *scratch; /* of ck_key_near, in the places of w, distance and row */
    ck_key_grid g;
    ck_buffer *buf;
} carried;

/* From one row in q, which is enough for a colour. */
static void add_row(carried *c, size_t o, const float *lin, const float *alpha)
{
    int w = c->g.w, q = c->g.q;
    for (int i = 0; i < c->g.cw; i++) {
        float n = 0, sum[3] = {0}, all = 0;
        for (int x = i * q; x < (i + 1) * q && x < w; x++) {
            all += 1;
            if (!(alpha[x] >= SOLID))
                continue;
            for (int k = 0; k < 3; k++)
                sum[k] += lin[ck_key_pixel(x, k, w)];
            n += 1;
        }
        c->w[o + (size_t)i] = n / all;
        for (size_t k = 0; k < 3; k++)
            c->lin[k * c->g.n + o + (size_t)i] = n > 0 ? sum[k] / n : 0;
    }
}

static ck_status make_room(carried *c, ck_error *e)
{
    size_t maps, scratch, bytes, n = c->g.n;
    if (!ck_mul(n, 6 * sizeof(float) + 1, &maps) || !ck_mul(ck_key_near_scratch(&c->g), sizeof(float), &scratch) ||
        !ck_add(maps, scratch, &bytes) || !(c->buf = ck_buffer_new(bytes)))
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the foreground of %d x %d", c->g.w, c->g.h);
    c->buf->once = true; /* the frame's largest planes are made after it */
    c->lin = c->buf->data;
    c->near = c->lin + 3 * n;
    c->scratch = c->near + 3 * n;
    c->deep = (uint8_t *)(c->scratch + ck_key_near_scratch(&c->g));
    c->w = c->scratch;
    c->distance = (int *)(c->w + n);
    c->row = c->w + 2 * n;
    return CK_OK;
}

/* Within a solid's edge its colour is hardly known, and there the screen's hue is the screen's. */
static void doubt_edges(carried *c, ck_key_axes ax)
{
    size_t n = c->g.n;
    for (size_t i = 0; i < n; i++)
        c->deep[i] = c->w[i] == 1;
    ck_key_distance(c->deep, c->distance, c->g.ch, c->g.cw);
    int deep = (int)(3 * DEEP * c->g.unit + 0.5f);
    for (size_t i = 0; i < n; i++) {
        c->deep[i] = c->distance[i] > deep;
        if (c->deep[i])
            continue;
        float u = c->lin[ax.u * n + i], v = c->lin[ax.v * n + i], most = u > v ? u : v, *own = &c->lin[ax.m * n + i];
        *own = *own < most ? *own : most;
        c->w[i] = c->w[i] > 0 ? HARDLY : 0;
    }
}

/* Outside the subject the neighbourhoods' colours go on, with no more of the screen's hue than the solids have.
 * out (3,cw): the map's row that begins at map_row, sRGB-encoded. */
static void outside(const carried *c, ck_key_axes ax, size_t map_row, float *out)
{
    size_t n = c->g.n, m = ax.m * n, u = ax.u * n, v = ax.v * n, cw = (size_t)c->g.cw;
    const float *lin = c->lin + map_row, *near = c->near + map_row;
    for (size_t k = 0; k < 3; k++)
        memcpy(out + k * cw, near + k * n, cw * sizeof(float));
    for (size_t i = 0; i < cw; i++) {
        float solid = lin[m + i] - (lin[u + i] > lin[v + i] ? lin[u + i] : lin[v + i]);
        float most = (near[u + i] > near[v + i] ? near[u + i] : near[v + i]) + (solid > 0 ? solid : 0);
        out[ax.m * cw + i] = near[m + i] < most ? near[m + i] : most;
    }
    ck_linear_to_srgb(out, out, 3 * cw);
}

/* Everywhere: the solids' colours, and those of neighbourhoods. */
static ck_status carry(carried *c, const ck_key_screen *s, const ck_plane *rgb, const float *alpha, ck_key_axes ax,
                       ck_error *e)
{
    const ck_key_grid *g = &c->g;
    for (int j = 0; j < g->ch; j++) {
        int y = ck_key_grid_row(g, j);
        ck_key_row(rgb, y, 0, (size_t)g->w, c->row, (size_t)g->w);
        add_row(c, (size_t)j * (size_t)g->cw, c->row, alpha + (size_t)y * (size_t)g->w);
    }
    doubt_edges(c, ax);
    ck_status st = CK_OK;
    for (size_t k = 0; k < 3 && st == CK_OK; k++)
        st = ck_key_fill(c->lin + k * g->n, c->w, g->cw, g->ch, e);
    if (st != CK_OK)
        return st;
    ck_key_near(g, s, rgb, alpha, c->lin, c->near, c->scratch);
    return CK_OK;
}

/* Places of the plate's pixels between those of the map. */
static void find_places(const ck_key_grid *g, ck_key_places *p)
{
    p->w = g->w;
    p->n = g->cw;
    p->even = g->q % 2 ? 0 : g->q;
    for (int x = 0; x < g->w; x++) {
        float at = ((float)x + 0.5f) / (float)g->q - 0.5f;
        at = at < 0 ? 0 : at;
        p->left[x] = (int)at;
        p->part[x] = at - (float)p->left[x];
    }
}

/* No more of the screen's hue than the solid neighbourhood has: the rest is the screen shining through an alpha that is
 * a little too large, and spill.  The screen's own channel alone is lowered: with the others, cloth near the screen's
 * hue turns to the opposite one.  Returns how much of the light that was, 0…1. */
static inline float limit_hue(float f[3], const float b[3], const float solid[3], ck_key_axes ax)
{
    float others = f[ax.u] > f[ax.v] ? f[ax.u] : f[ax.v], own = solid[ax.u] > solid[ax.v] ? solid[ax.u] : solid[ax.v];
    float pure = b[ax.m] - (b[ax.u] > b[ax.v] ? b[ax.u] : b[ax.v]), cloth = solid[ax.m] - own;
    float excess = f[ax.m] - others - cloth * ck_key_ramp(cloth, SPILL * pure, CLOTH * pure);
    excess = pure >= LEAST_PURE && excess > 0 ? excess : 0;
    float all = f[0] + f[1] + f[2];
    f[ax.m] -= excess;
    return excess / (all > 0 ? all : 1);
}

/* Chroma of a plate's half resolution lets the screen's hue into edges that are solid, and what is left there without
 * it is too dark, in dots: such a pixel gets the colour around. */
static inline void mend(float f[3], float gone, const float b[3], const float solid[3], const float near[3],
                        ck_key_axes ax)
{
    float doubt = ck_key_ramp(gone, GONE_FROM, GONE_TO), other[3] = {near[0], near[1], near[2]};
    limit_hue(other, b, solid, ax);
    for (int k = 0; k < 3; k++)
        f[k] += doubt * (other[k] - f[k]);
}

static inline void unmix(const float i[3], const float b[3], const float solid[3], const float near[3], float a,
                         ck_key_axes ax, float f[3])
{
    float inv = 1 / (a > TRUST_FROM ? a : TRUST_FROM), short_of = 0;
    float own[3];
    for (int k = 0; k < 3; k++) {
        float screen = (1 - a) * b[k], rest = i[k] - screen;
        /* More screen than there is light: alpha is too small, and the result too dark. */
        float missing = -rest / (screen + 0.01f);
        short_of = missing > short_of ? missing : short_of;
        float most = rest * inv < CK_KEY_MOST ? rest * inv : CK_KEY_MOST;
        own[k] = rest < 0 ? 0 : most;
    }
    float trust = ck_key_ramp(a, TRUST_FROM, TRUST_TO) * (1 - ck_key_ramp(short_of, 0, 0.3f));
    for (int k = 0; k < 3; k++)
        f[k] = near[k] + trust * (own[k] - near[k]);
    mend(f, limit_hue(f, b, solid, ax), b, solid, near, ax);
}

/* One row's inputs and scratch. */
typedef struct task {
    const ck_plane *rgb;
    const ck_key_screen *s;
    ck_key_axes ax;
    const carried *c;
    float *bg, *lin;     /* (3,w) the row's screen; its colours, as they are and unmixed */
    float *solid, *near; /* (3,w) the colours carried to it */
    float *out;          /* (3,w) the colours outside, of the map's row at `drawn` */
    float *outside;      /* (3,cw) the same before it is stretched */
    ck_key_places places;
    uint8_t *kind, *deep; /* (w) of each pixel; the map's row at `deepened` */
    float *fg[3];         /* the row's foreground, channel by channel */
    size_t map_row;       /* where the map's row begins */
    size_t drawn, deepened;
} task;

/* Columns x0 to x1; lin begins with them. */
__attribute__((always_inline)) static inline void unmix_pixels(const task *t, ck_key_axes ax, const float *alpha,
                                                               size_t x0, size_t x1)
{
    size_t w = (size_t)t->rgb->w;
    float *l0 = t->lin, *l1 = l0 + w, *l2 = l1 + w;
    const float *b0 = t->bg + x0, *b1 = b0 + w, *b2 = b1 + w, *s0 = t->solid + x0, *s1 = s0 + w, *s2 = s1 + w,
                *n0 = t->near + x0, *n1 = n0 + w, *n2 = n1 + w;
    alpha += x0;
#pragma GCC ivdep /* nothing overlaps */
    for (size_t x = 0; x < x1 - x0; x++) {
        const float i[3] = {l0[x], l1[x], l2[x]}, b[3] = {b0[x], b1[x], b2[x]}, solid[3] = {s0[x], s1[x], s2[x]},
                    near[3] = {n0[x], n1[x], n2[x]};
        float f[3];
        unmix(i, b, solid, near, ck_clamp01(alpha[x]), ax, f);
        l0[x] = f[0], l1[x] = f[1], l2[x] = f[2];
    }
}

/* With constant axes, as vectors need them. */
CK_CLONES
static void unmix_green(const task *t, const float *alpha, size_t x0, size_t x1)
{
    unmix_pixels(t, (ck_key_axes){1, 0, 2}, alpha, x0, x1);
}

CK_CLONES
static void unmix_blue(const task *t, const float *alpha, size_t x0, size_t x1)
{
    unmix_pixels(t, (ck_key_axes){2, 0, 1}, alpha, x0, x1);
}

static void unmix_run(const task *t, int y, int x0, int x1, const float *alpha)
{
    size_t w = (size_t)t->rgb->w, n = (size_t)(x1 - x0);
    const carried *c = t->c;
    ck_key_row(t->rgb, y, x0, n, t->lin, w);
    ck_key_screen_run(t->s, y, x0, x1, t->bg);
    for (size_t k = 0; k < 3; k++) {
        ck_key_spread(&t->places, c->lin + k * c->g.n + t->map_row, x0, x1, t->solid + k * w);
        ck_key_spread(&t->places, c->near + k * c->g.n + t->map_row, x0, x1, t->near + k * w);
    }
    (t->s->blue ? unmix_blue : unmix_green)(t, alpha, (size_t)x0, (size_t)x1);
    for (size_t k = 0; k < 3; k++)
        ck_linear_to_srgb(t->lin + k * w, t->fg[k] + x0, n);
}

CK_CLONES
static void make_finite(float *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = v[i] - v[i] == 0 ? v[i] : 0;
}

/* The plate's own colour. */
static void copy_run(const ck_plane *rgb, int y, int x0, int x1, float *const fg[3])
{
    for (size_t k = 0; k < 3; k++) {
        ck_plate_row(rgb, k, y, x0, (size_t)(x1 - x0), fg[k] + x0);
        if (rgb->type == CK_F16 || rgb->type == CK_F32)
            make_finite(fg[k] + x0, (size_t)(x1 - x0));
    }
}

/* Outside the subject; the plate's rows in one row of the map share it. */
static void carry_run(task *t, int x0, int x1)
{
    size_t w = (size_t)t->rgb->w, cw = (size_t)t->c->g.cw;
    if (t->drawn != t->map_row) {
        outside(t->c, t->ax, t->map_row, t->outside);
        for (size_t k = 0; k < 3; k++)
            ck_key_spread(&t->places, t->outside + k * cw, 0, t->rgb->w, t->out + k * w);
    }
    t->drawn = t->map_row;
    for (size_t k = 0; k < 3; k++)
        memcpy(t->fg[k] + x0, t->out + k * w + (size_t)x0, (size_t)(x1 - x0) * sizeof *t->out);
}

/* kind: 0 nothing, 2 the plate's own colour, 1 between */
CK_CLONES
static void find_kinds(const float *restrict alpha, const uint8_t *restrict deep, size_t n, uint8_t *restrict kind)
{
    for (size_t x = 0; x < n; x++)
        kind[x] = (uint8_t)((alpha[x] > 0) + ((alpha[x] >= 1) & deep[x]));
}

/* The end of the run of equal bytes that begins at x. */
static int run_end(const uint8_t *kind, int x, int w)
{
    uint64_t same = kind[x] * 0x0101010101010101u, eight;
    for (; x + 8 <= w; x += 8) {
        memcpy(&eight, kind + x, sizeof eight);
        if (eight != same)
            break;
    }
    while (x < w && kind[x] == (uint8_t)same)
        x++;
    return x;
}

static void do_row(task *t, int y, const float *alpha)
{
    int w = t->rgb->w, q = t->c->g.q;
    t->map_row = (size_t)(y / q) * (size_t)t->c->g.cw;
    for (int x = 0; x < w && t->deepened != t->map_row; x += q)
        memset(t->deep + x, t->c->deep[t->map_row + (size_t)(x / q)], (size_t)(w - x < q ? w - x : q));
    t->deepened = t->map_row;
    find_kinds(alpha, t->deep, (size_t)w, t->kind);
    for (int x = 0; x < w;) {
        int x0 = x, kind = t->kind[x];
        x = run_end(t->kind, x, w);
        if (kind == 0)
            carry_run(t, x0, x);
        else if (kind == 1)
            unmix_run(t, y, x0, x, alpha);
        else
            copy_run(t->rgb, y, x0, x, t->fg);
    }
}

/* Floats of rows for a plate w wide: 3 of the foreground, 3 of every kind in task, the places, and bytes. */
#define ROW_FLOATS(w) (24 * (w))

static ck_status unmix_all(const ck_plane *rgb, const float *alpha, const ck_key_screen *s, float *rows,
                           ck_key_take_row *take, void *ctx, ck_error *e)
{
    size_t w = (size_t)rgb->w;
    carried c = {.g = ck_key_grid_of(rgb->h, rgb->w)};
    task t = {.rgb = rgb,
              .s = s,
              .ax = ck_key_axes_of(s->blue),
              .c = &c,
              .bg = rows + 3 * w,
              .lin = rows + 6 * w,
              .solid = rows + 9 * w,
              .near = rows + 12 * w,
              .out = rows + 15 * w,
              .outside = rows + 18 * w,
              .places = {.left = (int *)(rows + 21 * w), .part = rows + 22 * w},
              .kind = (uint8_t *)(rows + 23 * w),
              .deep = (uint8_t *)(rows + 23 * w) + w,
              .fg = {rows, rows + w, rows + 2 * w},
              .drawn = SIZE_MAX,
              .deepened = SIZE_MAX};
    ck_status st = make_room(&c, e);
    if (st == CK_OK)
        st = carry(&c, s, rgb, alpha, t.ax, e);
    find_places(&c.g, &t.places);
    for (int y = 0; y < rgb->h && st == CK_OK; y++) {
        do_row(&t, y, alpha + (size_t)y * w);
        take(ctx, y, rows);
    }
    ck_buffer_unref(c.buf);
    return st;
}

ck_status ck_key_foreground_rows(const ck_plane *rgb, const float *alpha, const ck_key_screen *s, ck_key_take_row *take,
                                 void *ctx, ck_error *e)
{
    size_t w = (size_t)rgb->w;
    ck_buffer *rows = ck_buffer_new(ROW_FLOATS(w) * sizeof(float));
    if (!rows)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the foreground");
    float *r = rows->data, *fg[3] = {r, r + w, r + 2 * w};
    ck_status st = s->grid ? unmix_all(rgb, alpha, s, r, take, ctx, e) : CK_OK;
    for (int y = 0; y < rgb->h && !s->grid; y++) {
        copy_run(rgb, y, 0, rgb->w, fg);
        take(ctx, y, r);
    }
    ck_buffer_unref(rows);
    return st;
}

static void put_row(void *ctx, int y, float *row)
{
    ck_key_put_row(row, y, ctx);
}

ck_status ck_key_foreground(const ck_plane *rgb, const float *alpha, const ck_key_screen *s, const ck_plane *fg,
                            ck_error *e)
{
    return ck_key_foreground_rows(rgb, alpha, s, put_row, ck_drop_const(fg), e);
}
