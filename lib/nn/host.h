/* What backends whose tensors lie in the host's memory share. */
#ifndef CK_NN_HOST_H
#define CK_NN_HOST_H

#include "nn/nn.h"

/* The table's upload and download. */
void ck_nn_host_upload(ck_nn *dev, const ck_nn_tensor *t, const float *src);
void ck_nn_host_download(ck_nn *dev, const ck_nn_tensor *t, float *dst);

/* The table's map, unmap and idle.  The file is made in $TMPDIR, else /var/tmp, has no name and its whole size from the
 * start.  CK_ERR_IO if there is no room; CK_ERR_ARGUMENT if that folder is memory itself. */
ck_status ck_nn_host_map(ck_nn *dev, size_t bytes, size_t resident, void **out, ck_error *e);
void ck_nn_host_unmap(ck_nn *dev, void *p, size_t bytes);
void ck_nn_host_idle(ck_nn *dev, void *p, size_t bytes);

/* GROUP_NORM, with w [C] and bias [C] of its weight. */
void ck_nn_host_group_norm(const ck_nn_step *s, const float *w, const float *bias);

#endif
