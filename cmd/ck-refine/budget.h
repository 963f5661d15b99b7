/* The part of --memory that is left for the network. */
#ifndef CK_REFINE_BUDGET_H
#define CK_REFINE_BUDGET_H

#include "ck-refine/options.h"
#include "stream/frame.h"

/* For frames like f, at inference size h x w.  regions: frames may have a region, whose planes are copied (crop.h).
 * CK_ERR_ARGUMENT if nothing is left; the message states the least --memory. */
ck_status ck_budget_network(const ck_refine_options *o, const ck_frame *f, const ck_plane *rgb, int h, int w,
                            bool regions, size_t *left, ck_error *e);

#endif
