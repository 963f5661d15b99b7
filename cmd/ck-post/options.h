#ifndef CK_POST_OPTIONS_H
#define CK_POST_OPTIONS_H

#include "base/option.h"
#include "shared/scene.h"

#define CK_POST_AUTO (-1)

typedef struct ck_post_program_options {
    ck_common common;
    bool classical, unmix, passthrough;
    int depth;                      /* CK_DEPTH_32, … */
    double despill;                 /* CK_POST_AUTO */
    int despill_mode;               /* ck_despill_mode */
    int despeckle;                  /* pixels; 0 = off; CK_POST_AUTO */
    const char *view, *ocio_config; /* NULL = not given */
    int screen;                     /* CK_SCREEN_GREEN, … of key/screen.h */
} ck_post_program_options;

extern const ck_program ck_post_program;

#endif
