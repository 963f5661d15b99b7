#include <stdlib.h>
#include <string.h>

#include "io/exr.h"

ck_status ck_exr_packing_parse(const char *text, ck_exr_packing *out, ck_error *e)
{
    static const char *const words[] = {
        [CK_EXR_NONE] = "none", [CK_EXR_RLE] = "rle",     [CK_EXR_ZIPS] = "zips", [CK_EXR_ZIP] = "zip",
        [CK_EXR_PIZ] = "piz",   [CK_EXR_PXR24] = "pxr24", [CK_EXR_B44] = "b44",   [CK_EXR_B44A] = "b44a",
        [CK_EXR_DWAA] = "dwaa", [CK_EXR_DWAB] = "dwab"};
    enum { MOST_LEVEL = 100000 };
    size_t n = strcspn(text, ":");
    for (int i = 0; i <= CK_EXR_DWAB; i++) {
        if (strlen(words[i]) != n || strncmp(words[i], text, n) != 0)
            continue;
        char *end = NULL;
        *out = (ck_exr_packing){(ck_exr_compression)i, CK_EXR_LEVEL};
        if (!text[n])
            return CK_OK;
        double level = strtod(text + n + 1, &end);
        if (i < CK_EXR_DWAA || end == text + n + 1 || *end || !(level >= 0 && level <= MOST_LEVEL))
            return ck_fail(e, CK_ERR_ARGUMENT, "'%s': only dwaa and dwab have a level, from 0 to %d", text, MOST_LEVEL);
        out->level = (float)level;
        return CK_OK;
    }
    return ck_fail(e, CK_ERR_ARGUMENT,
                   "'%s' is not one of none, rle, zips, zip, piz, pxr24, b44, b44a, dwaa[:LEVEL], "
                   "dwab[:LEVEL]",
                   text);
}
