/* Rows between the values of coarser rows. */
#ifndef CK_KEY_SPREAD_H
#define CK_KEY_SPREAD_H

/* Places of a row's w pixels between the n values of a coarser row. */
typedef struct ck_key_places {
    int w, n;
    int even;    /* pixels to a value, where that is an even number; else 0 */
    int *left;   /* (w) the value to the left */
    float *part; /* (w) how far on the way to the next one, 0…1 */
} ck_key_places;

/* out[x] for x0 <= x < x1 between values f (n).  Other pixels of the same values may be written, too; out has w. */
void ck_key_spread(const ck_key_places *p, const float *f, int x0, int x1, float *out);

#endif
