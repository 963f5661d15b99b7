/* Frames' planes: slots, and the kernels that make tensors of them and them of tensors. */
#ifndef CK_NN_CUDA_FRAMES_H
#define CK_NN_CUDA_FRAMES_H

#include "nn/cuda/cuda.h"
#include "nn/frames.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CUDA_AXES 16 /* kept */

/* Memory that only grows. */
typedef struct cuda_room {
    void *p;
    size_t bytes;
} cuda_room;

/* image/axis.h's, on the device. */
typedef struct cuda_axis {
    int in, out, taps;
    ck_filter filter;
    int across;
    const int *first, *count;
    const float *weight;
} cuda_axis;

typedef struct cuda_move {
    ck_nn_move is;
    size_t at, bytes; /* of the plane, in the slot's memory */
} cuda_move;

typedef struct cuda_slot {
    cuda_move in[CK_NN_MOVES], out[CK_NN_MOVES];
    int n_in, n_out;
    cuda_room device, staging; /* the same layout: a flag, then planes */
    cudaEvent_t arrived, made, left;
    ck_status failed;
    ck_error error;
} cuda_slot;

struct cuda_frames {
    cudaStream_t in, out; /* of copies */
    bool read_only;       /* memory that cannot be written can be pinned */
    cuda_slot slot[CK_NN_SLOTS];
    cuda_axis axis[CUDA_AXES];
    int n_axes;
    cuda_room half; /* a plane that is resampled across and not yet down */
};

ck_status cuda_frames_open(cuda_device *d, ck_error *e);
void cuda_frames_close(cuda_device *d);

/* The axes of a move, made with the first of a size. */
ck_status cuda_axes(cuda_device *d, const ck_nn_move *m, bool in, cuda_axis *x, cuda_axis *y, ck_error *e);

/* `from` or `to`: the plane, on the device.  `half`: [c][source's h][result's w] float32. */
void cuda_plane_in(cuda_device *d, const ck_nn_move *m, const cuda_axis *x, const cuda_axis *y, const void *from,
                   float *half);
void cuda_plane_out(cuda_device *d, const ck_nn_move *m, const cuda_axis *x, const cuda_axis *y, void *to, float *half);

/* *flag = 1 if a sample is NaN or infinite. */
void cuda_check_finite(cuda_device *d, const ck_nn_tensor *t, int *flag);

extern const struct ck_nn_frames cuda_frames_table;

#ifdef __cplusplus
}
#endif

#endif
