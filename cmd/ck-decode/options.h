#ifndef CK_DECODE_OPTIONS_H
#define CK_DECODE_OPTIONS_H

#include "base/option.h"
#include "colour/space.h"
#include "io/av_colour.h"
#include "io/av_fields.h"
#include "shared/scene.h"
#include "stream/frame.h"

typedef struct ck_decode_options {
    ck_common common;
    ck_list inputs;                                            /* "NAME=FILE" */
    const char *hint, *clean, *garbage, *holdout, *background; /* short for --input; NULL = not given */
    const char *frames;
    bool plate_alpha, linear, srgb, repair, deinterlace, deinterlace_fields;
    const char *transfer, *primaries, *input_space, *working, *ocio_config; /* NULL = not given */
    int hint_channel; /* added to CK_WANT_HINT it gives the ck_want */
    int missing;      /* ck_missing */
    ck_av_choice colour;
    int stream;            /* -1: the best one */
    ck_list layers, parts; /* "[PLANE=]NAME": of INPUT, or of another plane's file */
} ck_decode_options;

extern const ck_program ck_decode_program;

/* The mode that --deinterlace and --deinterlace-fields ask for. */
ck_fields_mode ck_decode_fields(const ck_decode_options *o);

/* The colours that the options give; light.h uses them. */
typedef struct ck_light {
    bool curved;                       /* the user gave the curve */
    ck_curve curve;                    /* which one */
    char primaries[CK_PRIMARIES_TEXT]; /* given by the user, "" = the file's */
    char working[CK_PRIMARIES_TEXT];   /* primaries to convert to, "" = none */
    bool added;                        /* for a plane of another file */
    const char *space;                 /* of an OpenColorIO config, NULL = none; borrowed */
    ck_scene scene;                    /* that config; owned */
    ck_ocio_transform *to_scene;       /* from `space` to scene-linear light; owned */
} ck_light;

/* From --transfer, --linear, --srgb, --primaries, --input-space and --working.  With a config, --input-space is left to
 * ck_light_open. */
ck_status ck_light_from_space(const char *name, ck_light *out, ck_error *e); /* a space that ck itself knows */
ck_status ck_light_of(const ck_decode_options *o, ck_light *out, ck_error *e);
/* A plane that comes from another file than INPUT. */
typedef struct ck_decode_file {
    char plane[CK_PLANE_NAME];
    const char *path; /* as ck_source_open takes it; borrowed from argv */
} ck_decode_file;
#define CK_DECODE_FILES 16 /* the rest of CK_MAX_PLANES is for planes that later stages add */

/* List the files that the options name; *n is their number.  CK_ERR_ARGUMENT for an invalid plane name, a plane given
 * twice, and two files from standard input. */
ck_status ck_decode_files(const ck_decode_options *o, ck_decode_file files[CK_DECODE_FILES], int *n, ck_error *e);

/* The value for `plane` of a list "[PLANE=]VALUE", the last one; NULL = none.  Without PLANE it is for "rgb". */
const char *ck_decode_value_for(const ck_list *list, const char *plane);

/* True if the option `name` gives such a file. */
bool ck_decode_option_gives_file(const char *name);

#endif
