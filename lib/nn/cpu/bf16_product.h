/* A product of bf16 tiles, the inner loop of attention and convolutions.
 *
 * Tiles have 16 rows of 64 bytes, as AMX wants them:
 *
 *     left     [16 rows][32] bf16
 *     right    [16 pairs][16 columns][2] bf16: pairs of the left tile's columns
 *     sums     [16 rows][16 columns] f32 */
#ifndef CK_NN_CPU_BF16_PRODUCT_H
#define CK_NN_CPU_BF16_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LANES 16
#define TILE 1024
#define DEEP 32 /* columns of a left tile */

/* Two by two tiles of sums: c(i, j) = sum over steps of a(i, step) b(j, step) [+ c(i, j)].  Distances are in bytes. */
typedef struct product {
    const char *a;
    size_t a_tile, a_pitch; /* from a(0, step) to a(1, step); from row to row */
    const uint32_t *a_step; /* [steps] from a(0, 0) to a(0, step) */
    const char *b;
    size_t b_tile, b_step;
    char *c;
    size_t c_down, c_across, c_pitch; /* from c(0, 0) to c(1, 0), to c(0, 1); from row to row */
    size_t steps;
    bool add; /* to c */
} product;

#endif
