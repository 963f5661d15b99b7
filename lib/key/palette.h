/* The subject's colours around a place: from the solid pixels of the map, near and far, as normal
 * distributions, so that what a mixed pixel may be a mixture of is a soft question. */
#ifndef CK_KEY_PALETTE_H
#define CK_KEY_PALETTE_H

#include "key/part.h"

/* A covariance of three channels is its upper triangle by rows: channels of element z. */
static const int ck_key_row_of[6] = {0, 0, 0, 1, 1, 2}, ck_key_column_of[6] = {0, 1, 2, 1, 2, 2};

/* A normal distribution of linear colours, in units of the screen's level. */
typedef struct ck_key_colours {
    float weight, mean[3], cov[6];
} ck_key_colours;

#define CK_KEY_REACHES 3
#define CK_KEY_MOMENTS 10 /* weight, 3 first and 6 second moments */

typedef struct ck_key_palette {
    struct ck_key_reach {
        int h, w, step; /* of its grid; map pixels between its points */
        float *m;       /* (h,w,CK_KEY_MOMENTS) means over a neighbourhood */
    } reach[CK_KEY_REACHES];
    float scale; /* from linear light to units of the screen's level */
    ck_buffer *buf;
} ck_key_palette;

/* From m->col and m->lends, 0…1: how much of a map pixel's colour is the subject's own.  CK_ERR_MEMORY. */
ck_status ck_key_palette_new(ck_key_palette *p, const ck_key_map *m, ck_error *e);
void ck_key_palette_free(ck_key_palette *p);

/* The distributions around map pixel (x,y), nearest first; returns how many, at most CK_KEY_REACHES. */
int ck_key_palette_at(const ck_key_palette *p, int x, int y, ck_key_colours out[CK_KEY_REACHES]);

#endif
