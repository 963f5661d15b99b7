/* Structure of a network: network.c builds it, frame*.c run it. */
#ifndef CK_GREENFORMER_NETWORK_INSIDE_H
#define CK_GREENFORMER_NETWORK_INSIDE_H

#include <pthread.h>

#include "greenformer/network.h"
#include "greenformer/parts.h"
#include "greenformer/pins.h"
#include "greenformer/route.h"
#include "image/axis.h"
#include "nn/frames.h"

struct ck_network {
    ck_sizes sizes;
    ck_nn *dev;
    ck_nn_plan *plan;
    int h, w;
    bool infer, refine;
    ck_nn_tensor input;  /* planar [4] or, without infer, [3] */
    ck_nn_tensor logits; /* planar [4] */
    ck_nn_tensor maps[CK_ENCODER_STAGES];
    ck_refined refined;
    ck_refine_where where;
    ck_route route;
    int *blocks;  /* lists: near[…], rest */
    bool settled; /* statistics of a whole frame exist */

    pthread_mutex_t lock; /* of the plan and everything above: held while a frame is queued (host: processed) */
    pthread_mutex_t slot_lock;
    pthread_cond_t slot_free;
    bool slot_taken[CK_NN_SLOTS];
    ck_axis axis[CK_NN_SLOTS][4 * CK_NN_MOVES]; /* of a slot's last frame: x and y of each move, in, then out */
    ck_pins pins;
};

/* Set the block lists from `wanted` (see ck_network_io); NULL: all blocks. */
ck_status ck_network_blocks(ck_network *n, const unsigned char *wanted, ck_error *e);

/* `count` channels of a tensor, from `from` on, with their address. */
ck_nn_tensor ck_network_part(const ck_network *n, const ck_nn_tensor *t, int from, int count);

/* The results that must be finite: logits and, with a refiner, finals.  Returns their number. */
int ck_network_results(const ck_network *n, ck_nn_tensor t[2]);
ck_status ck_network_not_finite(const ck_network *n, bool frame_is_finite, ck_error *e);

/* Implementations of ck_network_run (io) and ck_network_run_frame; planes have been checked. */
ck_status ck_network_frame_on_host(ck_network *n, const ck_network_frame *f, bool timed, ck_error *e);
ck_status ck_network_io_on_host(ck_network *n, const ck_network_io *io, bool timed, ck_error *e);
ck_status ck_network_frame_on_device(ck_network *n, const ck_network_frame *f, bool timed, ck_error *e);
ck_status ck_network_io_on_device(ck_network *n, const ck_network_io *io, bool timed, ck_error *e);
void ck_network_free_axes(ck_network *n);

#endif
