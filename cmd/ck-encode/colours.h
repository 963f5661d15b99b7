/* The colour space of each output: --fg-encoding, --output-space, --ocio-config. */
#ifndef CK_ENCODE_COLOURS_H
#define CK_ENCODE_COLOURS_H

#include "ck-encode/options.h"
#include "io/delivery.h"
#include "shared/scene.h"
#include "stream/frame.h"

typedef struct ck_colours {
    const ck_encode_options *opts;
    char stream[CK_PRIMARIES_TEXT]; /* HEAD's primaries, "" = not stated */
    ck_colour_space source;         /* INPUT's own space */
    bool display_light;             /* linear light was made of INPUT's display values */
    ck_colour_space output;         /* of --output-space; no curve name: none */
    ck_scene scene;                 /* config of the output space, if it is one of the config's */
    ck_ocio_transform *to_space;    /* from scene-linear light to that space; NULL: none */
    ck_delivery_ocio by_ocio;       /* the same, with labels */
    char *space;                    /* its name; owned */
} ck_colours;

ck_status ck_colours_open(ck_colours *c, const ck_encode_options *o, const ck_meta *head, ck_error *e);
void ck_colours_close(ck_colours *c);

/* *given: false if no option asks for a colour space for the plane; then it keeps its own, or sRGB where it is shown.
 */
ck_status ck_colours_of(const ck_colours *c, const ck_plane *p, ck_delivery *out, bool *given, ck_error *e);

/* Primaries of a file, NULL if not known.  d: as given by ck_colours_of, NULL = none. */
const char *ck_colours_primaries(const ck_colours *c, const ck_plane *p, const ck_delivery *d);

#endif
