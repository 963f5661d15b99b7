/* Attention: keys and values are packed for the kernels, then blocks of queries are computed.
 *
 * Global: keys and values of each head are packed into scratch shared by all threads, then each block of queries is a
 * task.  Windowed: a row of windows of one head is a task, which packs keys and values of each window itself. */
#include "base/mem.h"
#include "nn/cpu/cpu.h"

typedef struct job {
    const ck_nn_step *s;
    const ck_cpu_kernels *kernels;
    int heads, width;
    int nq, nk;                 /* queries and keys of a window, or of the map */
    int across, q_side, k_side; /* windows per row, and their sides in the maps of queries and keys */
    size_t panel, packed;       /* bytes of a panel of packed keys; of a head's packed keys */
    size_t per_thread;          /* bytes of a thread's scratch; includes a window's keys and values */
    char *shared;               /* [heads][2 packed], global only */
    char *own;                  /* [threads][per_thread] */
} job;

static job describe(const ck_cpu_device *d, const ck_nn_step *s)
{
    job j = {.s = s, .kernels = d->kernels, .heads = s->heads, .width = s->y.c / s->heads};
    j.k_side = s->window;
    j.across = s->window ? s->x[1].w / s->window : 1;
    j.q_side = s->window ? s->x[0].w / j.across : 0;
    j.nk = s->window ? s->window * s->window : (int)ck_nn_pixels(&s->x[1]);
    j.nq = s->window ? j.q_side * j.q_side : s->rows ? s->rows->n : (int)ck_nn_pixels(&s->x[0]);
    j.panel = j.kernels->panel_bytes(j.width);
    j.packed = ck_pad((size_t)((j.nk + j.kernels->panel - 1) / j.kernels->panel) * j.panel);
    j.per_thread = ck_pad(j.kernels->scratch_bytes(j.width)) + (s->window ? 2 * j.packed : 0);
    j.shared = s->scratch;
    j.own = j.shared + (s->window ? 0 : 2 * (size_t)j.heads * j.packed);
    return j;
}

ck_status ck_cpu_prepare_attention(ck_cpu_device *d, const ck_nn_step *s, size_t *scratch, ck_error *e)
{
    job j = describe(d, s);
    const ck_nn_tensor *all[] = {&s->x[0], &s->x[1], &s->x[2], &s->y};
    for (int i = 0; i < 4; i++)
        if ((all[i]->type == CK_NN_BF16) != j.kernels->bf16)
            return ck_fail(e, CK_ERR_UNSUPPORTED, "cpu has no attention of these types");
    if (j.kernels->bf16 && j.width > CK_CPU_WIDE)
        return ck_fail(e, CK_ERR_UNSUPPORTED, "attention heads of %d channels: cpu supports %d at bf16", j.width,
                       CK_CPU_WIDE);
    size_t shared = s->window ? 0 : 2 * (size_t)j.heads * j.packed;
    *scratch = shared + (size_t)ck_team_size(d->team) * j.per_thread;
    return CK_OK;
}

/* A head's channels of pixel i of window (wy, wx), `side` pixels a side; side 0: of the map. */
static void *row(const job *j, const ck_nn_tensor *t, int head, int side, int wy, int wx, int i)
{
    size_t pixel = (size_t)i;
    if (side)
        pixel = ((size_t)wy * (size_t)side + (size_t)(i / side)) * (size_t)t->w + (size_t)(wx * side + i % side);
    return (char *)ck_nn_pixel(t, pixel) + (size_t)(head * j->width) * ck_nn_type_size(t->type);
}

/* Pack keys and values first … end - 1; first is a multiple of the panel. */
static void pack(const job *j, int head, int wy, int wx, int first, int end, char *to)
{
    int panel = j->kernels->panel;
    for (int at = first; at < end; at += panel) {
        const void *k[CK_CPU_PANEL], *v[CK_CPU_PANEL];
        int n = end - at < panel ? end - at : panel;
        for (int i = 0; i < n; i++) {
            k[i] = row(j, &j->s->x[1], head, j->k_side, wy, wx, at + i);
            v[i] = row(j, &j->s->x[2], head, j->k_side, wy, wx, at + i);
        }
        char *keys = to + (size_t)(at / panel) * j->panel;
        j->kernels->pack(j->width, k, v, n, keys, keys + j->packed);
    }
}

/* Attention of a call's queries from `first` on of a window and head. */
static void queries(const job *j, int head, int wy, int wx, int first, const char *keys, int who)
{
    const void *q[CK_CPU_QUERIES];
    void *y[CK_CPU_QUERIES];
    int n = j->nq - first < j->kernels->queries ? j->nq - first : j->kernels->queries;
    for (int i = 0; i < n; i++) {
        int token = j->s->rows ? j->s->rows->row[first + i] : first + i;
        q[i] = row(j, &j->s->x[0], head, j->q_side, wy, wx, token);
        y[i] = row(j, &j->s->y, head, j->q_side, wy, wx, token);
    }
    j->kernels->attend(&(ck_cpu_attend){.width = j->width,
                                        .nk = j->nk,
                                        .nq = n,
                                        .q = q,
                                        .y = y,
                                        .keys = keys,
                                        .values = keys + j->packed,
                                        .scratch = j->own + (size_t)who * j->per_thread});
}

/* ---- tasks ---- */

static int query_blocks(const job *j)
{
    return (j->nq + j->kernels->queries - 1) / j->kernels->queries;
}

static void window_task(void *call, int i, int who)
{
    const ck_cpu_call *k = call;
    job j = describe(k->dev, k->s);
    int head = i % j.heads, wy = i / j.heads;
    char *keys = j.own + (size_t)(who + 1) * j.per_thread - 2 * j.packed;
    for (int wx = 0; wx < j.across; wx++) {
        pack(&j, head, wy, wx, 0, j.nk, keys);
        for (int b = 0; b < query_blocks(&j); b++)
            queries(&j, head, wy, wx, b * j.kernels->queries, keys, who);
    }
}

#define PACKED 480 /* keys per packing task: a multiple of every panel */

static char *keys_of(const job *j, int head)
{
    return j->shared + 2 * (size_t)head * j->packed;
}

static void pack_task(void *call, int i, int who)
{
    (void)who;
    const ck_cpu_call *k = call;
    job j = describe(k->dev, k->s);
    int blocks = (j.nk + PACKED - 1) / PACKED, head = i / blocks, first = i % blocks * PACKED;
    pack(&j, head, 0, 0, first, j.nk - first < PACKED ? j.nk : first + PACKED, keys_of(&j, head));
}

static void global_task(void *call, int i, int who)
{
    const ck_cpu_call *k = call;
    job j = describe(k->dev, k->s);
    int head = i / query_blocks(&j);
    queries(&j, head, 0, 0, i % query_blocks(&j) * j.kernels->queries, keys_of(&j, head), who);
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
