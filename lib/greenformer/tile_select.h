/* Tiles of a frame that need the refiner.
 *
 * Blocks are those of ck_network_io: [h/32][w/32] bytes, not 0 where a block is to be refined. */
#ifndef CK_GREENFORMER_TILE_SELECT_H
#define CK_GREENFORMER_TILE_SELECT_H

#include <stdbool.h>

#include "stream/frame.h"

typedef struct ck_tile_select {
    int h, w;      /* at inference size, multiples of 32 */
    int tile;      /* pixels a side, a multiple of 32: all blocks of a tile are treated alike */
    int margin;    /* pixels around a tile that are looked at too, from 4 on: the logits are enlarged 4 times */
    double lo, hi; /* a tile is decided where no coverage lies above lo, or none below hi; 0 <= lo < hi <= 1 */
} ck_tile_select;

/* By what is known before refining: the coarse matte and, if there is one, the hint must both be decided, and alike.
 * alpha_logits [h/4][w/4]; hint [h/4][w/4], coverage, or NULL. */
void ck_tile_select_undecided(const ck_tile_select *p, const float *alpha_logits, const float *hint,
                              unsigned char *blocks);

/* By a map of any size, type u8, u16, f16 or f32, one channel: a block is refined if a sample that covers some of it is
 * above 0.  CK_ERR_ARGUMENT for other maps. */
ck_status ck_tile_select_mapped(const ck_tile_select *p, const ck_plane *map, unsigned char *blocks, ck_error *e);

/* Blocks of a frame to be refined; blocks in all. */
int ck_tile_select_count(const ck_tile_select *p, const unsigned char *blocks);
int ck_tile_select_all(const ck_tile_select *p);

#endif
