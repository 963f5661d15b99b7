#include "ck-info/options.h"

#define AT(field) offsetof(ck_info_options, field)
static const ck_option rows[] = {
    {0, "npy", CK_STRING, AT(npy), "DIR", NULL, 0, 0, NULL, 0,
     "write every plane as DIR/PLANE.NNNNNN.npy, [C, H, W], instead of printing", CK_IN_HELP | CK_RUN_ONLY},
    {0, "sheet", CK_STRING, AT(sheet), "FILE", NULL, 0, 0, NULL, 0,
     "draw a contact sheet (PNG) instead of printing: plate, hint, matte and composite, one row per frame",
     CK_IN_HELP | CK_RUN_ONLY},
    {0, "pass", CK_FLAG, AT(pass), NULL, NULL, 0, 0, NULL, 0, "pass the stream through to stdout and print on stderr",
     CK_IN_HELP | CK_RUN_ONLY},
    {0},
};

const ck_program ck_info_program = {
    .name = "ck-info",
    .summary = "print a line per record, dump planes, check a stream",
    .usage = "",
    .options = rows,
    .options_size = sizeof(ck_info_options),
    .examples = "ck-decode shot.mov | ck-hint | ck-info\n"
                "ck-decode --frames 1,50,99 shot.mov | ck-hint | ck-info --sheet sheet.png\n"
                "ck-decode shot.mov | ck-hint | ck-info --npy planes\n"
                "ck-decode shot.mov | ck-info --pass | ck-hint | ck-info",
};
