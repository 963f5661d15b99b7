/* The components of a mask on the key's map, with what the key's decisions sum over each. */
#ifndef CK_KEY_COMPONENT_H
#define CK_KEY_COMPONENT_H

#include "image/components.h"
#include "key/cover.h"

/* A component's box and sums; those start at zero and are the caller's to fill. */
typedef struct ck_key_component {
    int x0, y0, x1, y1; /* inclusive */
    float peak, off, bright, least, around;
    uint32_t ring, out, other;
    bool keep, marker;
} ck_key_component;

typedef struct ck_key_components {
    ck_components c;
    ck_key_component *p; /* [c.n] */
    ck_buffer *buf;
} ck_key_components;

/* 8-connected, of a mask of the map's size.  CK_ERR_MEMORY.  ck_key_components_free in any case. */
ck_status ck_key_components_find(const uint8_t *mask, const ck_key_map *m, ck_key_components *s, ck_error *e);
void ck_key_components_free(ck_key_components *s);

static inline bool ck_key_component_fits(const ck_key_component *p, int side)
{
    return p->x1 - p->x0 < side && p->y1 - p->y0 < side;
}

/* Area of the box. */
static inline float ck_key_component_box(const ck_key_component *p)
{
    return (float)(p->x1 - p->x0 + 1) * (float)(p->y1 - p->y0 + 1);
}

#endif
