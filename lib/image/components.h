/* Connected components of a mask, as runs with areas. */
#ifndef CK_IMAGE_COMPONENTS_H
#define CK_IMAGE_COMPONENTS_H

#include <stdint.h>

#include "base/mem.h"
#include "base/status.h"

/* A maximal run of set pixels: x0 ... x1-1 of row y. */
typedef struct ck_component_run {
    int y, x0, x1;
    uint32_t component; /* 0 ... n-1, numbered by first pixel */
} ck_component_run;

typedef struct ck_components {
    ck_component_run *runs; /* [n_runs], ordered by row, then column */
    size_t n_runs;
    uint64_t *area; /* [n] area in pixels */
    uint32_t n;
    ck_buffer *runs_buf, *area_buf;
} ck_components;

/* Find the components of mask [h, w], set where not 0.  connectivity: 4 or 8.  Call ck_components_free also after a
 * failure. */
ck_status ck_components_find(const uint8_t *mask, int h, int w, int connectivity, ck_components *c, ck_error *e);
void ck_components_free(ck_components *c);

/* out [h, w], may be mask: 255 in 8-connected components of at least min_area pixels, else 0. */
ck_status ck_components_keep(const uint8_t *mask, int h, int w, uint64_t min_area, uint8_t *out, ck_error *e);

#endif
