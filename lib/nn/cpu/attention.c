/* Attention: keys and values are packed for the kernels, then blocks of queries are computed.
 *
 * Global: keys and values of each head are packed into scratch shared by all threads, then each block of queries is a
 * task.  Windowed: a row of windows of one head is a task, which packs keys and values of each window itself. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "nn/cpu/cpu.h"

typedef struct job {
    const ck_nn_step *s;
    const ck_cpu_kernels *kernels;
    int heads, width, wide, panel;
    int nq, nk;                      /* queries and keys of a window, or of the map */
    int across, q_side, k_side;      /* windows per row, and their sides in the maps of queries and keys */
    size_t keys, values;             /* floats of one head's packed keys and values */
    size_t q, scores, o, per_thread; /* floats of a thread's scratch; per_thread includes a window's keys and values */
    float *packed;                   /* [heads][keys + values], global only */
    float *own;                      /* [threads][per_thread] */
} job;

static size_t up(size_t n, int to)
{
    return (n + (size_t)to - 1) / (size_t)to * (size_t)to;
}

static job describe(const ck_cpu_device *d, const ck_nn_step *s)
{
    job j = {.s = s, .kernels = d->kernels, .heads = s->heads, .width = s->y.c / s->heads};
    j.panel = 2 * d->kernels->lanes;
    j.wide = (int)up((size_t)j.width, d->kernels->lanes);
    j.k_side = s->window;
    j.across = s->window ? s->x[1].w / s->window : 1;
    j.q_side = s->window ? s->x[0].w / j.across : 0;
    j.nk = s->window ? s->window * s->window : (int)ck_nn_pixels(&s->x[1]);
    j.nq = s->window ? j.q_side * j.q_side : (int)ck_nn_pixels(&s->x[0]);
    j.keys = up(up((size_t)j.nk, j.panel) * (size_t)j.width, 16);
    j.values = up((size_t)j.nk * (size_t)j.wide, 16);
    j.q = up(CK_CPU_QUERIES * (size_t)j.width, 16);
    j.scores = CK_CPU_QUERIES * CK_CPU_KEYS;
    j.o = CK_CPU_QUERIES * (size_t)j.wide;
    j.per_thread = up(j.q + j.scores + j.o + (s->window ? j.keys + j.values : 0), 16);
    j.packed = s->scratch;
    j.own = j.packed + (s->window ? 0 : (size_t)j.heads * (j.keys + j.values));
    return j;
}

size_t ck_cpu_attention_scratch(const ck_cpu_device *d, const ck_nn_step *s)
{
    job j = describe(d, s);
    size_t shared = s->window ? 0 : (size_t)j.heads * (j.keys + j.values);
    return (shared + (size_t)ck_team_size(d->team) * j.per_thread) * sizeof(float);
}

/* Pixel i of window (wy, wx), `side` pixels a side; side 0: of the map. */
static float *pixel(const ck_nn_tensor *t, int side, int wy, int wx, int i)
{
    if (side == 0)
        return ck_nn_at(t, (size_t)i);
    size_t y = (size_t)wy * (size_t)side + (size_t)(i / side), x = (size_t)wx * (size_t)side + (size_t)(i % side);
    return ck_nn_at(t, y * (size_t)t->w + x);
}

/* Pack keys first … end - 1 into panels, zero padded; first is a multiple of the panel. */
static void pack_keys(const job *j, int head, int wy, int wx, int first, int end, float *to)
{
    size_t panel = (size_t)j->panel, width = (size_t)j->width;
    for (size_t i = (size_t)first; i < up((size_t)end, j->panel); i++) {
        float *p = to + i / panel * panel * width + i % panel;
        const float *k = i < (size_t)end ? pixel(&j->s->x[1], j->k_side, wy, wx, (int)i) + head * j->width : NULL;
        for (size_t d = 0; d < width; d++)
            p[d * panel] = k ? k[d] : 0;
    }
}

static void pack_values(const job *j, int head, int wy, int wx, int first, int end, float *to)
{
    size_t width = (size_t)j->width, wide = (size_t)j->wide;
    for (int i = first; i < end; i++) {
        const float *v = pixel(&j->s->x[2], j->k_side, wy, wx, i) + head * j->width;
        memcpy(to + (size_t)i * wide, v, width * sizeof *v);
        memset(to + (size_t)i * wide + width, 0, (wide - width) * sizeof *v);
    }
}

/* Attention of up to CK_CPU_QUERIES queries of a window and head. */
static void queries(const job *j, int head, int wy, int wx, int first, const float *keys, const float *values, int who)
{
    int n = j->nq - first < CK_CPU_QUERIES ? j->nq - first : CK_CPU_QUERIES, width = j->width;
    int padded = (int)up((size_t)n, CK_CPU_ROWS);
    float *q = j->own + (size_t)who * j->per_thread, *scores = q + j->q, *o = scores + j->scores;
    float scale = (float)(M_LOG2E / sqrt(width));
    for (int r = 0; r < n; r++) {
        const float *from = pixel(&j->s->x[0], j->q_side, wy, wx, first + r) + head * width;
        for (int d = 0; d < width; d++)
            q[r * width + d] = from[d] * scale;
    }
    memset(q + n * width, 0, (size_t)((padded - n) * width) * sizeof *q);
    j->kernels->attend(&(ck_cpu_attend){
        .width = width, .nk = j->nk, .nq = padded, .q = q, .k = keys, .v = values, .scores = scores, .o = o});
    for (int r = 0; r < n; r++)
        memcpy(pixel(&j->s->y, j->q_side, wy, wx, first + r) + head * width, o + (size_t)r * (size_t)j->wide,
               (size_t)width * sizeof *o);
}

/* ---- tasks ---- */

static int query_blocks(const job *j)
{
    return (j->nq + CK_CPU_QUERIES - 1) / CK_CPU_QUERIES;
}

static void window_task(void *call, int i, int who)
{
    const ck_cpu_call *k = call;
    job j = describe(k->dev, k->s);
    int head = i % j.heads, wy = i / j.heads;
    float *keys = j.own + (size_t)who * j.per_thread + j.q + j.scores + j.o, *values = keys + j.keys;
    for (int wx = 0; wx < j.across; wx++) {
        pack_keys(&j, head, wy, wx, 0, j.nk, keys);
        pack_values(&j, head, wy, wx, 0, j.nk, values);
        for (int b = 0; b < query_blocks(&j); b++)
            queries(&j, head, wy, wx, b * CK_CPU_QUERIES, keys, values, who);
    }
}

#define PACKED 512 /* keys per packing task: a multiple of every panel */

static void pack_task(void *call, int i, int who)
{
    (void)who;
    const ck_cpu_call *k = call;
    job j = describe(k->dev, k->s);
    int blocks = (j.nk + PACKED - 1) / PACKED, head = i / blocks, first = i % blocks * PACKED;
    int end = j.nk - first < PACKED ? j.nk : first + PACKED;
    float *keys = j.packed + (size_t)head * (j.keys + j.values);
    pack_keys(&j, head, 0, 0, first, end, keys);
    pack_values(&j, head, 0, 0, first, end, keys + j.keys);
}

static void global_task(void *call, int i, int who)
{
    const ck_cpu_call *k = call;
    job j = describe(k->dev, k->s);
    int head = i / query_blocks(&j);
    const float *keys = j.packed + (size_t)head * (j.keys + j.values);
    queries(&j, head, 0, 0, i % query_blocks(&j) * CK_CPU_QUERIES, keys, keys + j.keys, who);
}

void ck_cpu_attention(ck_nn *dev, const ck_nn_step *s)
{
    job j = describe(ck_cpu_of(dev), s);
    if (s->window) {
        ck_cpu_parallel(dev, s, j.heads * (s->x[1].h / s->window), window_task);
        return;
    }
    ck_cpu_parallel(dev, s, j.heads * ((j.nk + PACKED - 1) / PACKED), pack_task);
    ck_cpu_parallel(dev, s, j.heads * query_blocks(&j), global_task);
}
