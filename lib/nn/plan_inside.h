/* The plan's structure, for plan.c, which builds it, and plan_run.c, which runs it. */
#ifndef CK_NN_PLAN_INSIDE_H
#define CK_NN_PLAN_INSIDE_H

#include <stdint.h>

#include "nn/plan.h"
#include "nn/spill.h"

typedef struct ck_nn_plan_memory {
    size_t bytes, at;
    bool map;        /* in the memory of maps, not in the arena */
    int first, last; /* first and last step of its life */
} ck_nn_plan_memory;

struct ck_nn_plan {
    ck_nn *dev;
    ck_nn_plan_memory *mem; /* by tensor id */
    int n_mem, cap_mem;
    ck_nn_step *steps;
    double *ms, *total_ms; /* per step: in the last timed run; sum of all */
    long timed;
    int n_steps, cap_steps;
    void *arena;
    size_t arena_bytes;         /* scratch included */
    size_t scratch;             /* offset of scratch in the arena */
    void *maps;                 /* memory of maps: device memory, or that of `spill` */
    ck_spill *spill;            /* NULL: all maps are resident, in device memory */
    size_t map_bytes, resident; /* bytes of all maps; bytes that stay in memory */
    size_t window;              /* bytes needed beside `resident` to spill the rest */
    size_t limit;               /* bytes of memory; 0 = no limit */
    int band;                   /* height of a band in blocks; 0 = no bands */
    int *all;                   /* 0, 1, 2, …: the block list of the largest map */
    uint64_t shape;             /* hash of the steps that ran last time */
    ck_nn_graph *graph;         /* recording of the steps with that hash; NULL = none yet */
    ck_status failed;
    ck_error error;
};

static inline bool ck_nn_plan_in_bands(const ck_nn_plan *p, const ck_nn_step *s)
{
    return p->band && s->part;
}

#endif
