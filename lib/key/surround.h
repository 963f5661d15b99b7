/* The surroundings' part in a map pixel's coverage. */
#ifndef CK_KEY_SURROUND_H
#define CK_KEY_SURROUND_H

#include "key/part.h"

/* Sets m->held, edge_light, edge_hue and lends. */
ck_status ck_key_surround(ck_key_map *m, ck_error *e);

/* From m->mean, bare and solid: open, base and around. */
void ck_key_expectations(ck_key_map *m);

/* Weights that the surroundings of map pixel i give to coverage 0 and 1, for ck_key_expect. */
typedef struct ck_key_odds {
    float bare, solid;
} ck_key_odds;
ck_key_odds ck_key_odds_at(const ck_key_map *m, size_t i);

#endif
