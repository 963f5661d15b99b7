/* The chunks of a PNG that say how it is to be seen.  For lib/io/png_read.c only. */
#ifndef CK_IO_PNG_COLOUR_H
#define CK_IO_PNG_COLOUR_H

#include "io/colour_tag.h"
#include "io/orient.h"

/* The names of these chunks, as png_set_keep_unknown_chunks wants them: libpng knows some of them, but its checks
 * differ from version to version and refuse files that state the same thing twice. */
#define CK_PNG_COLOUR_CHUNKS "cICP\0iCCP\0sRGB\0gAMA\0cHRM\0eXIf\0"

/* The strongest statement counts: cICP, iCCP, sRGB, then gAMA and cHRM. */
typedef enum ck_png_rank { CK_PNG_SILENT, CK_PNG_GAMMA, CK_PNG_SRGB, CK_PNG_ICC, CK_PNG_CICP } ck_png_rank;

typedef struct ck_png_colour {
    ck_png_rank rank; /* of what `tag` holds; CK_PNG_GAMMA also for cHRM alone */
    bool narrow;      /* cICP: codes of limited range */
    ck_colour_tag tag;
    ck_orient orient;
} ck_png_colour;

/* sRGB, as stored. */
void ck_png_colour_init(ck_png_colour *c);

/* A chunk of CK_PNG_COLOUR_CHUNKS; false if its contents cannot be what its name says.  Others are ignored. */
bool ck_png_colour_chunk(ck_png_colour *c, const char *name, const uint8_t *data, size_t n);

#endif
