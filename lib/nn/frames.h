/* Planes of frames to and from a device that has memory of its own, while another frame is at work there.
 *
 *     fetch      a slot's copies in begin; any thread, one a slot
 *     make       tensors from them            \
 *     …          the network's steps           } one thread at a time
 *     deliver    planes from tensors, copies   /
 *     wait       until this frame's planes are there; any thread
 *
 * Between fetch and wait a slot belongs to its frame; slots have memory, which grows with the first frame of a size and
 * is taken again by every later one.  Planes travel as they are; what is not pinned is copied through memory that is.
 * After a failure of fetch or make the slot is free again; what goes wrong later is told by wait. */
#ifndef CK_NN_FRAMES_H
#define CK_NN_FRAMES_H

#include "image/resample.h"
#include "nn/nn.h"

#define CK_NN_SLOTS 2
#define CK_NN_MOVES 4 /* in, and as many out */

typedef enum ck_nn_sample { CK_NN_SAMPLE_U8, CK_NN_SAMPLE_U16, CK_NN_SAMPLE_F16, CK_NN_SAMPLE_F32 } ck_nn_sample;

/* One plane and the planar float32 tensor made of its first channels, or the other way.  Where sizes differ it is
 * resampled as ck_resample does it, to the bit. */
typedef struct ck_nn_move {
    ck_nn_tensor tensor;
    void *data; /* of the plane, [c][h][w] */
    ck_nn_sample type;
    int h, w;
    bool pinned; /* `pin` took the memory that it lies in */
    ck_filter filter;
    /* In. */
    bool linear;                   /* light, to be encoded as sRGB after it is resampled */
    const float *mean, *deviation; /* by channel, (x - mean) / deviation; NULL: as it is */
} ck_nn_move;

struct ck_nn_frames {
    /* in: u8, u16, f16, f32; out: f16 (to nearest), f32. */
    ck_status (*fetch)(ck_nn *dev, int slot, const ck_nn_move *in, int n_in, const ck_nn_move *out, int n_out,
                       ck_error *e);
    ck_status (*make)(ck_nn *dev, int slot, ck_error *e);
    /* `checked`: float32 without gaps, looked at for NaN and infinities. */
    void (*deliver)(ck_nn *dev, int slot, const ck_nn_tensor *checked, int n);
    ck_status (*wait)(ck_nn *dev, int slot, bool *finite, ck_error *e);

    /* Let the device reach memory of the host by itself until unpin; false where it cannot be. */
    bool (*pin)(ck_nn *dev, void *p, size_t bytes, bool read_only);
    void (*unpin)(ck_nn *dev, void *p);
};

#endif
