/* Is it a green screen or a blue one? */
#ifndef CK_IMAGE_SCREEN_H
#define CK_IMAGE_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "stream/frame.h"

/* The evidence: every pixel in a screen's HSV range counts for it by its saturation, since screens
 * are purer in colour than jeans, skies and leaves; twice in the outer eighth of the frame on each
 * side, since a screen is behind the subject and reaches the edges. */
typedef struct ck_screen_guess {
    bool blue;
    bool found; /* false: less than 1/500 of the frame speaks for either; green is then a mere guess */
    double green_part, blue_part; /* evidence for each, as a part of what a frame full of it would give, 0…1 */
} ck_screen_guess;

/* rgb (3,h,w), 8-bit sRGB. */
ck_screen_guess ck_screen_of(const uint8_t *rgb, int h, int w);

/* The same for the plane of any type and encoding. */
ck_status ck_screen_of_plate(const ck_plane *rgb, ck_screen_guess *out, ck_error *e);

/* For option tables: --screen green|blue|auto. */
#define CK_SCREENS "green|blue|auto"
enum { CK_SCREEN_GREEN, CK_SCREEN_BLUE, CK_SCREEN_AUTO };

/* What `screen` in HEAD says, or CK_SCREEN_AUTO where it is missing or says something else. */
int ck_screen_in_head(const ck_meta *head);
const char *ck_screen_name(bool blue);

#endif
