#include "image/finite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/floats.h"

#define PIECE 1024

static bool floats(ck_type t)
{
    return t == CK_F16 || t == CK_F32;
}

CK_CLONES_SHORT
static bool all_finite_f16(const uint16_t *v, size_t n)
{
    uint16_t sums = 0; /* an exponent of ones overflows into the sign */
    for (size_t i = 0; i < n; i++)
        sums |= (uint16_t)((v[i] & 0x7fffu) + 0x0400u);
    return !(sums & 0x8000u);
}

bool ck_finite(const void *samples, ck_type t, size_t n)
{
    return t == CK_F16 ? all_finite_f16(samples, n) : t == CK_F32 ? ck_all_finite(samples, n) : true;
}

static bool good_piece(const ck_plane *p, size_t at, size_t n)
{
    return ck_finite((const char *)p->data + at * p->elem, p->type, n);
}

/* Number of samples in [at, end) that are NaN or infinite; *first is the index of the first. */
static size_t count(const ck_plane *p, size_t at, size_t end, size_t *first)
{
    size_t bad = 0;
    for (; at < end; at += PIECE) {
        size_t n = end - at < PIECE ? end - at : PIECE;
        if (good_piece(p, at, n))
            continue;
        for (size_t i = at; i < at + n; i++)
            if (!good_piece(p, i, 1) && !bad++)
                *first = i;
    }
    return bad;
}

ck_status ck_finite_check(const ck_plane *p, ck_error *e)
{
    static const char *const colours[] = {"red", "green", "blue", "alpha"};
    size_t first = 0, bad = floats(p->type) ? count(p, 0, p->bytes / p->elem, &first) : 0;
    if (!bad)
        return CK_OK;
    size_t area = (size_t)p->h * (size_t)p->w, c = first / area, at = first % area;
    return ck_fail(e, CK_ERR_FORMAT,
                   "plane '%s' has %zu NaN or infinite samples, the first in %s at x %zu, y %zu: render it again, or "
                   "give ck-decode --repair",
                   p->name, bad, p->c >= 3 && c < 4 ? colours[c] : "its channel", at % (size_t)p->w, at / (size_t)p->w);
}

enum { GOOD, BAD, QUEUED };

/* One channel during repair. */
typedef struct channel {
    float *v; /* [h][w] */
    uint8_t *state;
    size_t w, h;
    size_t *now, *next; /* indices of bad samples at the edge of gaps, each listed once */
    size_t n_now, n_next;
} channel;

/* Mean of the good neighbours; NaN without any.  With `grow`, bad neighbours join the next list. */
static float look_around(channel *c, size_t at, bool grow)
{
    size_t x = at % c->w, y = at / c->w;
    double sum = 0;
    int n = 0;
    for (size_t j = y ? y - 1 : 0; j <= y + 1 && j < c->h; j++)
        for (size_t i = x ? x - 1 : 0; i <= x + 1 && i < c->w; i++) {
            size_t k = j * c->w + i;
            if (c->state[k] == GOOD) {
                sum += (double)c->v[k];
                n++;
            } else if (grow && c->state[k] == BAD) {
                c->state[k] = QUEUED;
                c->next[c->n_next++] = k;
            }
        }
    return n ? (float)(sum / n) : NAN;
}

/* Fill the outermost ring of every gap.  States change after all values, so values depend on the ring before only. */
static void fill_ring(channel *c)
{
    c->n_next = 0;
    for (size_t i = 0; i < c->n_now; i++)
        c->v[c->now[i]] = look_around(c, c->now[i], false);
    for (size_t i = 0; i < c->n_now; i++)
        c->state[c->now[i]] = GOOD;
    for (size_t i = 0; i < c->n_now; i++)
        look_around(c, c->now[i], true);
    size_t *swap = c->now;
    c->now = c->next;
    c->next = swap;
    c->n_now = c->n_next;
}

static void fill_channel(channel *c)
{
    size_t area = c->w * c->h, bad = 0;
    c->n_now = 0;
    for (size_t i = 0; i < area; i++) {
        c->state[i] = (uint8_t)(isfinite(c->v[i]) ? GOOD : BAD);
        bad += c->state[i] == BAD;
    }
    for (size_t i = 0; i < area && bad; i++)
        if (c->state[i] == BAD && (bad == area || !isnan(look_around(c, i, false)))) {
            c->now[c->n_now++] = i;
        }
    for (size_t i = 0; i < c->n_now; i++)
        c->state[c->now[i]] = QUEUED;
    for (size_t i = 0; i < area && bad == area; i++)
        c->v[i] = 0;
    while (c->n_now && bad != area)
        fill_ring(c);
}

/* f16 samples pass through float32 and back, which is exact. */
static void repair_channel(const ck_plane *p, size_t at, channel *c)
{
    size_t area = c->w * c->h;
    char *data = (char *)ck_plane_data(p) + at * p->elem;
    if (p->type == CK_F16)
        ck_f16_to_f32((const uint16_t *)(void *)data, c->v, area);
    else
        memcpy(c->v, data, area * sizeof(float));
    fill_channel(c);
    if (p->type == CK_F16)
        ck_f32_to_f16(c->v, (uint16_t *)(void *)data, area);
    else
        memcpy(data, c->v, area * sizeof(float));
}

ck_status ck_finite_repair(const ck_plane *p, size_t *filled, ck_error *e)
{
    size_t area = (size_t)p->h * (size_t)p->w, all = p->bytes / p->elem, first;
    *filled = floats(p->type) ? count(p, 0, all, &first) : 0;
    if (!*filled)
        return CK_OK;
    channel c = {.w = (size_t)p->w, .h = (size_t)p->h};
    c.v = malloc(area * sizeof *c.v);
    c.state = malloc(area);
    c.now = malloc(area * sizeof *c.now);
    c.next = malloc(area * sizeof *c.next);
    bool memory = c.v && c.state && c.now && c.next;
    for (size_t at = 0; at < all && memory; at += area)
        if (count(p, at, at + area, &first))
            repair_channel(p, at, &c);
    free(c.v);
    free(c.state);
    free(c.now);
    free(c.next);
    return memory ? CK_OK : ck_fail(e, CK_ERR_MEMORY, "out of memory for repairing %d x %d", p->w, p->h);
}
