/* Selection of the tiles of a frame that need the refiner.
 *
 * Blocks are those of ck_network_io: [h/32][w/32] bytes, not 0 for blocks to refine. */
#ifndef CK_GREENFORMER_TILE_SELECT_H
#define CK_GREENFORMER_TILE_SELECT_H

#include <stdbool.h>

#include "stream/frame.h"

typedef struct ck_tile_select {
    int h, w;      /* inference size, multiples of 32 */
    int tile;      /* side in pixels, a multiple of 32: all blocks of a tile are treated alike */
    int margin;    /* pixels around a tile that are examined too, at least 4: the logits are enlarged 4 times */
    double lo, hi; /* a tile is decided if no coverage is above lo, or none below hi; 0 <= lo < hi <= 1 */
} ck_tile_select;

/* Select the undecided tiles: those where the coarse matte or the hint (if given) is undecided, or where they differ.
 * alpha_logits: [h/4][w/4]; hint: coverage [h/4][w/4], or NULL. */
void ck_tile_select_undecided(const ck_tile_select *p, const float *alpha_logits, const float *hint,
                              unsigned char *blocks);

/* Select by a map of one channel, any size, u8, u16, f16 or f32: a block is refined if a sample that overlaps it is
 * above 0.  CK_ERR_ARGUMENT for other maps. */
ck_status ck_tile_select_mapped(const ck_tile_select *p, const ck_plane *map, unsigned char *blocks, ck_error *e);

/* Number of blocks to refine; number of all blocks. */
int ck_tile_select_count(const ck_tile_select *p, const unsigned char *blocks);
int ck_tile_select_all(const ck_tile_select *p);

#endif
