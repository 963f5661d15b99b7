/* Functions shared by backends whose tensors are in host memory. */
#ifndef CK_NN_HOST_H
#define CK_NN_HOST_H

#include "nn/bf16.h"
#include "nn/nn.h"
#include "nn/team.h"

/* Entries of the backends' tables.  Precisions are F32 and BF16. */
ck_status ck_nn_host_set_precision(ck_nn *dev, ck_nn_precision p, ck_error *e);
ck_status ck_nn_host_reserve(ck_nn *dev, size_t bytes, void **out, ck_error *e);
void ck_nn_host_release(ck_nn *dev, void *p);
size_t ck_nn_host_available(ck_nn *dev);
void ck_nn_host_upload(ck_nn *dev, const ck_nn_tensor *t, const float *src);
void ck_nn_host_download(ck_nn *dev, const ck_nn_tensor *t, float *dst);

/* A pixel's channels, of the tensor's type; of an f32 tensor. */
static inline void *ck_nn_pixel(const ck_nn_tensor *t, size_t pixel)
{
    return (char *)t->data + pixel * (size_t)t->ld * ck_nn_type_size(t->type);
}

static inline float *ck_nn_at(const ck_nn_tensor *t, size_t pixel)
{
    return (float *)t->data + pixel * (size_t)t->ld;
}

/* Call area(step, …) for every row of y or, if the step computes a part of y, for every block of that part. */
void ck_nn_host_areas(ck_team *team, const ck_nn_step *s, void (*area)(const ck_nn_step *s, ck_nn_area a, int who));

/* MERGE. */
void ck_nn_host_merge(ck_nn *dev, const ck_nn_step *s);

/* GROUP_NORM, with w [C] and bias [C] of its weight. */
void ck_nn_host_group_norm(const ck_nn_step *s, const float *w, const float *bias);

#endif
