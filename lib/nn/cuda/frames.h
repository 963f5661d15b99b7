/* Frames' planes: slots, and the kernels that make tensors of them and them of tensors. */
#ifndef CK_NN_CUDA_FRAMES_H
#define CK_NN_CUDA_FRAMES_H

#include "nn/cuda/cuda.h"
#include "nn/frames.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CK_CUDA_AXES 16 /* kept */

/* Memory that only grows. */
typedef struct ck_cuda_buffer {
    void *p;
    size_t bytes;
} ck_cuda_buffer;

/* image/axis.h's, on the device. */
typedef struct ck_cuda_axis {
    int in, out, taps;
    ck_filter filter;
    int across;
    const int *first, *count;
    const float *weight;
} ck_cuda_axis;

typedef struct ck_cuda_move {
    ck_nn_move is;
    size_t at, bytes; /* of the plane, in the slot's memory */
} ck_cuda_move;

typedef struct ck_cuda_slot {
    ck_cuda_move in[CK_NN_MOVES], out[CK_NN_MOVES];
    int n_in, n_out;
    ck_cuda_buffer device, staging; /* the same layout: a flag, then planes */
    cudaEvent_t arrived, made, left;
    ck_status failed;
    ck_error error;
} ck_cuda_slot;

struct ck_cuda_frames {
    cudaStream_t in, out; /* of copies */
    bool read_only;       /* memory that cannot be written can be pinned */
    ck_cuda_slot slot[CK_NN_SLOTS];
    ck_cuda_axis axis[CK_CUDA_AXES];
    int n_axes;
    ck_cuda_buffer half; /* a plane that is resampled across and not yet down */
};

ck_status ck_cuda_frames_open(ck_cuda_device *d, ck_error *e);
void ck_cuda_frames_close(ck_cuda_device *d);

/* The axes of a move, made with the first of a size. */
ck_status ck_cuda_axes(ck_cuda_device *d, const ck_nn_move *m, bool in, ck_cuda_axis *x, ck_cuda_axis *y, ck_error *e);

/* `from` or `to`: the plane, on the device.  `half`: [c][source's h][result's w] float32. */
void ck_cuda_plane_in(ck_cuda_device *d, const ck_nn_move *m, const ck_cuda_axis *x, const ck_cuda_axis *y,
                      const void *from, float *half);
void ck_cuda_plane_out(ck_cuda_device *d, const ck_nn_move *m, const ck_cuda_axis *x, const ck_cuda_axis *y, void *to,
                       float *half);

/* *flag = 1 if a sample is NaN or infinite. */
void ck_cuda_check_finite(ck_cuda_device *d, const ck_nn_tensor *t, int *flag);

extern const struct ck_nn_frames ck_cuda_frames_table;

#ifdef __cplusplus
}
#endif

#endif
