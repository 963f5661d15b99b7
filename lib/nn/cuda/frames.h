/* Planes of frames: slots, and the kernels that convert planes to tensors and back. */
#ifndef CK_NN_CUDA_FRAMES_H
#define CK_NN_CUDA_FRAMES_H

#include "nn/cuda/cuda.h"
#include "nn/frames.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Memory that grows and never shrinks. */
typedef struct ck_cuda_buffer {
    void *p;
    size_t bytes;
} ck_cuda_buffer;

typedef struct ck_cuda_move {
    ck_nn_move is;
    size_t at, bytes;  /* the plane in the slot's memory */
    size_t x_at, y_at; /* the tables of is.x, is.y in the slot's memory */
    ck_nn_axis x, y;   /* is.x, is.y with tables on the device */
} ck_cuda_move;

typedef struct ck_cuda_slot {
    ck_cuda_move in[CK_NN_MOVES], out[CK_NN_MOVES];
    int n_in, n_out;
    ck_cuda_buffer device, staging; /* both: a flag, tables of resampling, planes */
    size_t tables;                  /* end of the tables */
    cudaEvent_t arrived, made, left;
    ck_status failed;
    ck_error error;
} ck_cuda_slot;

struct ck_cuda_frames {
    cudaStream_t in, out; /* for copies */
    bool read_only;       /* read-only memory can be pinned */
    ck_cuda_slot slot[CK_NN_SLOTS];
    ck_cuda_buffer partial; /* a plane between horizontal and vertical resampling */
};

ck_status ck_cuda_frames_open(ck_cuda_device *d, ck_error *e);
void ck_cuda_frames_close(ck_cuda_device *d);

/* from, to: the plane on the device.  partial: [c][source's h][result's w] f32. */
void ck_cuda_plane_in(ck_cuda_device *d, const ck_cuda_move *m, const void *from, float *partial);
void ck_cuda_plane_out(ck_cuda_device *d, const ck_cuda_move *m, void *to, float *partial);

/* Set *flag = 1 if a sample is NaN or infinite. */
void ck_cuda_check_finite(ck_cuda_device *d, const ck_nn_tensor *t, int *flag);

extern const struct ck_nn_frames ck_cuda_frames_table;

#ifdef __cplusplus
}
#endif

#endif
