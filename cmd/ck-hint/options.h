#ifndef CK_HINT_OPTIONS_H
#define CK_HINT_OPTIONS_H

#include "base/option.h"

enum { CK_HINT_HSV, CK_HINT_KEY };

typedef struct ck_hint_options {
    ck_common common;
    int method;                            /* CK_HINT_HSV, CK_HINT_KEY */
    int screen;                            /* CK_SCREEN_GREEN, … of key/screen.h */
    const char *screen_colour, *screen_at; /* of key/hand.h; NULL = not given */
    bool replace;
    bool with_key; /* the classical matte too, as plane `key` */
} ck_hint_options;

extern const ck_program ck_hint_program;

#endif
