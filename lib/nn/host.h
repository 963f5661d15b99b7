/* What backends whose tensors lie in the host's memory share. */
#ifndef CK_NN_HOST_H
#define CK_NN_HOST_H

#include "nn/nn.h"

/* The table's upload and download. */
void ck_nn_host_upload(ck_nn *dev, const ck_nn_tensor *t, const float *src);
void ck_nn_host_download(ck_nn *dev, const ck_nn_tensor *t, float *dst);

/* The table's available. */
size_t ck_nn_host_available(ck_nn *dev);

/* GROUP_NORM, with w [C] and bias [C] of its weight. */
void ck_nn_host_group_norm(const ck_nn_step *s, const float *w, const float *bias);

#endif
