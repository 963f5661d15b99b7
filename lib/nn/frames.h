/* Copies of frames' planes to and from a device with its own memory, overlapped with another frame's computation.
 *
 *     fetch      start a slot's copies to the device; any thread, one per slot
 *     make       tensors from its planes                         \
 *     …          the network's steps                              } one thread at a time
 *     deliver    planes from tensors, start copies to the host   /
 *     wait       for this frame's planes; any thread
 *
 * A slot belongs to one frame from fetch to wait.  Its memory grows with the first frame of a size and is reused by
 * later ones.  Planes are copied in their own type; those outside pinned memory go through a pinned copy.  If fetch or
 * make fails the slot is free again; later failures are reported by wait. */
#ifndef CK_NN_FRAMES_H
#define CK_NN_FRAMES_H

#include "nn/nn.h"

#define CK_NN_SLOTS 2
#define CK_NN_MOVES 4 /* most planes in, and most planes out */

typedef enum ck_nn_sample { CK_NN_SAMPLE_U8, CK_NN_SAMPLE_U16, CK_NN_SAMPLE_F16, CK_NN_SAMPLE_F32 } ck_nn_sample;

/* Resampling along one axis.  Output o is the weighted sum of count[o] inputs from first[o] on; an index outside
 * 0 … in - 1 is clamped.  in == out: samples are copied and the tables are not read. */
typedef struct ck_nn_axis {
    int in, out;
    int taps;                 /* weights stored per output, at least its count */
    bool reversed;            /* sum from the last input to the first */
    const int *first, *count; /* [out] */
    const float *weight;      /* [out][taps] */
} ck_nn_axis;

/* One plane and the planar f32 tensor made from its first channels, or the reverse.  Horizontal resampling (x) comes
 * first, then vertical (y), in float32 without contraction. */
typedef struct ck_nn_move {
    ck_nn_tensor tensor;
    void *data; /* the plane, [c][h][w] */
    ck_nn_sample type;
    int h, w;
    bool pinned;     /* the plane lies in memory that `pin` accepted */
    ck_nn_axis x, y; /* from the plane's size to the tensor's, or the reverse; read only by fetch */
    /* Inputs only. */
    bool linear;                   /* linear light: encode as sRGB after resampling, negative values as 0 */
    bool mirrored;                 /* linear: f(-x) = -f(x) instead */
    const float *mean, *deviation; /* [c]: (x - mean) / deviation; NULL: values are kept */
} ck_nn_move;

struct ck_nn_frames {
    /* Plane types.  in: u8, u16, f16, f32; out: f16 (rounded to nearest), f32. */
    ck_status (*fetch)(ck_nn *dev, int slot, const ck_nn_move *in, int n_in, const ck_nn_move *out, int n_out,
                       ck_error *e);
    ck_status (*make)(ck_nn *dev, int slot, ck_error *e);
    /* `checked`: contiguous f32 tensors; wait reports in *finite that none holds NaN or infinity. */
    void (*deliver)(ck_nn *dev, int slot, const ck_nn_tensor *checked, int n);
    ck_status (*wait)(ck_nn *dev, int slot, bool *finite, ck_error *e);

    /* Page-lock host memory for direct copies until unpin; false if that is impossible. */
    bool (*pin)(ck_nn *dev, void *p, size_t bytes, bool read_only);
    void (*unpin)(ck_nn *dev, void *p);
};

#endif
