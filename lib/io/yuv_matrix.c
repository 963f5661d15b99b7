#include "io/yuv_matrix.h"

#include <stddef.h>
#include <string.h>

static const ck_yuv_matrix table[] = {
    {"601", 6, 0.299, 0.114},  {"709", 1, 0.2126, 0.0722}, {"2020", 9, 0.2627, 0.0593},
    {"240m", 7, 0.212, 0.087}, {"fcc", 4, 0.30, 0.11},
};
#define COUNT ((int)(sizeof table / sizeof *table))

const ck_yuv_matrix *ck_yuv_matrix_at(int i)
{
    return i >= 0 && i < COUNT ? &table[i] : NULL;
}

const ck_yuv_matrix *ck_yuv_matrix_by_name(const char *name)
{
    for (int i = 0; i < COUNT; i++)
        if (!strcmp(table[i].name, name))
            return &table[i];
    return NULL;
}

const ck_yuv_matrix *ck_yuv_matrix_by_code(int code)
{
    if (code == 5) /* 5: BT.470BG, the 625-line equivalent of 6 */
        code = 6;
    for (int i = 0; i < COUNT; i++)
        if (table[i].code == code)
            return &table[i];
    return NULL;
}

const ck_yuv_matrix *ck_yuv_matrix_guess(int lines)
{
    return ck_yuv_matrix_by_name(lines >= 720 ? "709" : "601");
}

ck_yuv_range ck_yuv_range_of(int bits, bool full)
{
    double top = (double)((1u << bits) - 1), half = (double)(1u << (bits - 1)), step = (double)(1u << (bits - 8));
    if (full)
        return (ck_yuv_range){.y_scale = top, .y_offset = 0, .c_scale = top, .c_offset = half};
    return (ck_yuv_range){.y_scale = 219 * step, .y_offset = 16 * step, .c_scale = 224 * step, .c_offset = half};
}
