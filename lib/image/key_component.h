/* The components of a mask on the key's map, with what the key's decisions sum over each. */
#ifndef CK_IMAGE_KEY_COMPONENT_H
#define CK_IMAGE_KEY_COMPONENT_H

#include "image/components.h"
#include "image/key_cover.h"

/* A component's box and sums; those start at zero and are the caller's to fill. */
typedef struct key_component {
    int x0, y0, x1, y1; /* inclusive */
    float peak, off, bright, least, around;
    uint32_t ring, out, other;
    bool keep, marker;
} key_component;

typedef struct key_components {
    ck_components c;
    key_component *p; /* [c.n] */
    ck_buffer *buf;
} key_components;

/* 8-connected, of a mask of the map's size.  CK_ERR_MEMORY.  key_components_free in any case. */
ck_status key_components_find(const uint8_t *mask, const key_map *m, key_components *s, ck_error *e);
void key_components_free(key_components *s);

static inline bool key_component_fits(const key_component *p, int side)
{
    return p->x1 - p->x0 < side && p->y1 - p->y0 < side;
}

#endif
