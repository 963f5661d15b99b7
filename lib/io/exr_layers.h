/* Layers of an OpenEXR part: channels whose names agree up to the last dot, as "beauty.R" and "beauty.G".  For
 * lib/io/exr_*.c only. */
#ifndef CK_IO_EXR_LAYERS_H
#define CK_IO_EXR_LAYERS_H

#include <openexr.h>
#include <stdbool.h>
#include <stddef.h>

#define CK_EXR_MAX_CHANNELS 4096

/* One layer.  Indices are those of the channel list, -1 = none. */
typedef struct ck_exr_layer {
    const char *name_view; /* start of a channel name; its first `length` bytes are the layer's name */
    size_t length;         /* 0: channels without a dot */
    int n;                 /* number of channels */
    int first;             /* any of them */
    int rgb[3], xyz[3];    /* R, r, red, RED, ...; X, x, ... */
    int y, ry, by, a;
} ck_exr_layer;

/* The layer that channel `channel` belongs to. */
ck_exr_layer ck_exr_layer_of(const exr_attr_chlist_t *list, int channel);
/* Visit all layers: start with *at = 0, until false.  Visits in the order of the list, without repetition. */
bool ck_exr_layer_next(const exr_attr_chlist_t *list, int *at, ck_exr_layer *out);

/* True if all three were found. */
bool ck_exr_has_all(const int index[3]);

#endif
