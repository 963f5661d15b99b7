/* alpha and fg without a network.
 *
 * The foreground is made row by row, and each row goes on to the outputs while it is in the cache. */
#ifndef CK_POST_CLASSICAL_H
#define CK_POST_CLASSICAL_H

#include "key/key.h"
#include "stream/frame.h"

/* Add `alpha` of `type`, CK_F32 or CK_F16: the plane `hint` at the size of `rgb`, without parts of fewer than `specks`
 * pixels (0: with all).  The same as ck-matte --from hint --specks. */
ck_status ck_classical_matte(ck_frame *f, ck_type type, uint64_t specks, ck_error *e);

/* A foreground that is to be made from the plate. */
typedef struct ck_classical {
    ck_plane rgb, fg;   /* copies; fg is not filled yet */
    const float *matte; /* plane `coverage`, else `alpha` */
    ck_buffer *hold;    /* owns the matte, if it had to be converted */
    ck_buffer *weights; /* of the plate's own colour, see ck_passthrough_weights; NULL: none */
} ck_classical;

/* Add `fg` of `type` without contents: straight, in the plate's codes.  With `passthrough`, the plate's own colour
 * where it is pure.  CK_ERR_FORMAT if the matte's size differs from that of `rgb`.  ck_classical_end in any case. */
ck_status ck_classical_begin(ck_classical *c, ck_frame *f, bool blue, ck_type type, bool passthrough, ck_error *e);

/* Make the foreground: the plate without the screen's share of each pixel, or unchanged if no screen is found.  Spill
 * stays, as in the network's fg; --despill removes it from processed and comp.  Every row goes into the plane, and as
 * (3,w) float32 to take(ctx, y, row). */
ck_status ck_classical_rows(const ck_classical *c, ck_frame *f, bool blue, ck_key_take_row *take, void *ctx,
                            ck_error *e);
void ck_classical_end(ck_classical *c);

#endif
