/* Encoder and decoders on tiles of a picture: an approximation that takes the memory of one tile.
 *
 *     picture at inference size --cut--> tile --network--> its logits --blend--> logits of the picture
 *
 * The network sees a tile as a picture of the tile's size, and runs once for each.  Neighbours overlap; the last tile
 * of a row or column is moved inwards, so that it is whole.  On one axis the weight of tile i at logit x is
 *
 *     w_i(x) = r_i(x) / sum over all j of r_j(x)
 *     r_i(x) = min(overlap / 4, distance of the logit's centre from the tile's nearer end, in logits)
 *
 * A tile's weight is the product of both axes.  The weights of all tiles sum to 1 and none is 0; where one tile is
 * alone, as at the border, its weight is 1.
 *
 * A tile is skipped if the hint is at most CK_SPLIT_EMPTY in it and CK_SPLIT_MARGIN pixels around it.  With c and s the
 * sums of the weights of the tiles that were computed and skipped, and L the weighted mean of the computed logits:
 *
 *     s = 0      alpha L, foreground L
 *     c, s > 0   alpha max(CK_SPLIT_NOTHING, ln(c / (s + (c + s) e^-L))), the logit of c sigmoid(L) / (c + s);
 *                foreground L
 *     c = 0      alpha CK_SPLIT_NOTHING; foreground the logit of the plate's mean over the logit's pixels, clamped to
 *                1/256 ... 255/256 */
#ifndef CK_GREENFORMER_SPLIT_H
#define CK_GREENFORMER_SPLIT_H

#include "greenformer/network.h"

#define CK_SPLIT_GRID 32         /* pixels: sides, overlaps and positions of tiles are multiples of it */
#define CK_SPLIT_STRIDE_LEAST 64 /* pixels by which a tile is longer than the overlap */
#define CK_SPLIT_EMPTY 0.1f      /* coverage: below it lie the soft edge of a hint and its noise */
#define CK_SPLIT_MARGIN 32       /* pixels: hair leaves the hint */
#define CK_SPLIT_NOTHING (-1e4f) /* the refiner's corrections cannot make it visible */

typedef struct ck_split_axis {
    int n, side;   /* tiles; pixels of one */
    int *at;       /* [n]: first pixel; owned */
    float *weight; /* [n][side / 4]; owned */
} ck_split_axis;

typedef struct ck_split {
    bool on;  /* there are several tiles */
    int h, w; /* inference size */
    ck_split_axis y, x;
} ck_split;

/* Tiles of `side`, or less along an axis where the picture of h x w is smaller; off if one covers it all, or if `side`
 * is 0.  side and overlap are multiples of CK_SPLIT_GRID, overlap > 0, side >= overlap + CK_SPLIT_STRIDE_LEAST.
 * CK_ERR_ARGUMENT if h or w is no multiple of it. */
ck_status ck_split_open(ck_split *s, int side, int overlap, int h, int w, ck_error *e);
void ck_split_close(ck_split *s); /* after a failure too */

/* One frame through the tiles.  tiles: a network that infers, of the tiles' size.  refiner: one that refines, of
 * inference size, which then gets the logits; or NULL.  f: as for ck_network_run_frame; without a refiner both logits
 * are needed, with one they are not written.  *computed: tiles that were not skipped.  CK_ERR_FORMAT if plate or hint
 * are not finite; else fails as ck_network_run_frame. */
ck_status ck_split_run(const ck_split *s, ck_network *tiles, ck_network *refiner, const ck_network_frame *f, bool timed,
                       int *computed, ck_error *e);

#endif
