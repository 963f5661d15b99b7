/* What a plan is made of, for plan.c, which builds it, and plan_run.c, which runs it. */
#ifndef CK_NN_PLAN_INSIDE_H
#define CK_NN_PLAN_INSIDE_H

#include <stdint.h>

#include "nn/plan.h"
#include "nn/spill.h"

typedef struct ck_nn_plan_memory {
    size_t bytes, at;
    bool map;        /* lies with the maps, not in the arena */
    int first, last; /* steps between which it is alive */
} ck_nn_plan_memory;

struct ck_nn_plan {
    ck_nn *dev;
    ck_nn_plan_memory *mem; /* by tensor id */
    int n_mem, cap_mem;
    ck_nn_step *steps;
    double *ms, *total_ms; /* by step: of the last timed run, of all */
    long timed;
    int n_steps, cap_steps;
    void *arena;
    size_t arena_bytes;         /* scratch included … */
    size_t scratch;             /* … which begins here */
    void *maps;                 /* where the maps lie: either the device's … */
    ck_spill *spill;            /* … or this */
    size_t map_bytes, resident; /* of all maps; of those in memory */
    size_t window;              /* what else it takes to put the rest aside */
    size_t limit;               /* of memory; 0 = none */
    int band;                   /* blocks from top to bottom; 0 = no bands */
    int *all;                   /* 0, 1, 2, …: the blocks of the largest map */
    uint64_t shape;             /* of the last run: which steps had something to do */
    ck_nn_graph *graph;         /* of the steps of that shape, NULL = not yet */
    ck_status failed;
    ck_error error;
};

static inline bool ck_nn_plan_in_bands(const ck_nn_plan *p, const ck_nn_step *s)
{
    return p->band && s->part;
}

#endif
