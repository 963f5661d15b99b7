/* A contact sheet: a row per frame, a cell per plane shown. */
#ifndef CK_INFO_SHEET_H
#define CK_INFO_SHEET_H

#include "stream/frame.h"

#define CK_SHEET_ROWS 16
#define CK_SHEET_CELL 480 /* pixels, width of a cell */

typedef struct ck_sheet {
    int rows, cell_h;
    uint8_t *pixels; /* owned; [rows*(cell_h+gap)][width][3] */
} ck_sheet;          /* all zero = empty */

/* Add the frame as the next row; cells without a plane, and error frames, stay grey. */
ck_status ck_sheet_add(ck_sheet *s, ck_frame *f, ck_error *e);

/* Write what was added as a PNG, complete or not at all. */
ck_status ck_sheet_write(const ck_sheet *s, const char *path, ck_error *e);

void ck_sheet_free(ck_sheet *s);

#endif
