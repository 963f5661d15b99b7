/* The PNG chunks that describe colour and orientation.  For lib/io/png_read.c only. */
#ifndef CK_IO_PNG_COLOUR_H
#define CK_IO_PNG_COLOUR_H

#include "io/colour_tag.h"
#include "io/orient.h"

/* Names of these chunks for png_set_keep_unknown_chunks.  libpng knows some of them, but its checks differ between
 * versions and refuse files that state the same thing twice. */
#define CK_PNG_COLOUR_CHUNKS "cICP\0iCCP\0sRGB\0gAMA\0cHRM\0eXIf\0tEXt\0"

/* Rank of a statement: cICP over iCCP over sRGB over gAMA and cHRM. */
typedef enum ck_png_rank { CK_PNG_SILENT, CK_PNG_GAMMA, CK_PNG_SRGB, CK_PNG_ICC, CK_PNG_CICP } ck_png_rank;

typedef struct ck_png_colour {
    ck_png_rank rank; /* rank of the contents of `tag`; CK_PNG_GAMMA also for cHRM without gAMA */
    bool narrow;      /* cICP: limited range */
    ck_colour_tag tag;
    ck_orient orient;
    char transfer[80], primaries[CK_PRIMARIES_TEXT]; /* of text chunks, "" = none */
} ck_png_colour;

/* Defaults: sRGB, orientation as stored. */
void ck_png_colour_init(ck_png_colour *c);

/* Handle a chunk of CK_PNG_COLOUR_CHUNKS; false if its contents are malformed.  Other chunks are ignored. */
bool ck_png_colour_chunk(ck_png_colour *c, const char *name, const uint8_t *data, size_t n);

/* Once all chunks are handled: without any of these ranks, ck's own labels count. */
void ck_png_colour_end(ck_png_colour *c);

#endif
