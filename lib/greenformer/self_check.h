/* Check of a device before its first frame: kernels on small shapes (nn/check.h), then the finals of a small network
 * with made-up weights.
 *
 * The verdict is kept in $XDG_CACHE_HOME/ck, or ~/.cache/ck, for each device, driver, build and precision. */
#ifndef CK_GREENFORMER_SELF_CHECK_H
#define CK_GREENFORMER_SELF_CHECK_H

#include "nn/nn.h"

/* Open a device at a precision as ck_nn_open and ck_nn_set_precision do.  A device with a choice of kernels is checked
 * first unless its verdict is known; `again`: even then.  Kernels that failed are given up, with the reason in the
 * device's `distrusted`.  If a device fails as a whole, "auto" takes the CPU, with the reason there; a device that was
 * named fails with CK_ERR_UNSUPPORTED. */
ck_status ck_self_check_open(const char *device, int threads, ck_nn_precision p, bool again, ck_nn **dev, ck_error *e);

/* Open a device unchecked, and do without these kernels (ck_nn_findings). */
ck_status ck_self_check_skip(const char *device, int threads, ck_nn_precision p, const char *without, ck_nn **dev,
                             ck_error *e);

#endif
