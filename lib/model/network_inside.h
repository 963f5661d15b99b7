/* What a network is made of, for network.c, which builds it, and frame.c, which runs it. */
#ifndef CK_MODEL_NETWORK_INSIDE_H
#define CK_MODEL_NETWORK_INSIDE_H

#include <pthread.h>

#include "model/network.h"
#include "model/parts.h"
#include "model/pins.h"
#include "nn/frames.h"

struct ck_network {
    ck_sizes sizes;
    ck_nn *dev;
    ck_plan *plan;
    int h, w;
    bool infer, refine;
    ck_nn_tensor input;  /* planar [4] or, without infer, [3] */
    ck_nn_tensor logits; /* planar [4] */
    ck_nn_tensor maps[CK_ENCODER_STAGES];
    ck_refined refined;
    ck_refine_where where;
    int *blocks;  /* three lists: reach, core, rest */
    bool settled; /* statistics have been taken */

    pthread_mutex_t lock; /* of the plan and everything above: held while a frame is queued or, on the host, made */
    pthread_mutex_t slot_lock;
    pthread_cond_t slot_free;
    bool slot_taken[CK_NN_SLOTS];
    ck_pins pins;
};

#endif
