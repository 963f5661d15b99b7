#include "ck-hint/options.h"

#include "key/screen.h"

#define AT(field) offsetof(ck_hint_options, field)
static const ck_option rows[] = {
    {0, "method", CK_CHOICE, AT(method), NULL, "hsv", 0, 0, "hsv|key", 0,
     "hsv is the recipe the network was trained with, key a soft classical matte"},
    CK_SCREEN_ROW(ck_hint_options, screen),
    {0, "replace", CK_FLAG, AT(replace), NULL, NULL, 0, 0, NULL, 0, "make a new hint although the stream has one"},
    {0, "with-key", CK_FLAG, AT(with_key), NULL, NULL, 0, 0, NULL, 0,
     "add the classical matte as plane 'key' too, for ck-refine --detail"},
    {0},
};

const ck_program ck_hint_program = {
    .name = "ck-hint",
    .summary = "make a coarse alpha hint, or a classical matte, from a plate",
    .usage = "",
    .options = rows,
    .options_size = sizeof(ck_hint_options),
    .examples = "ck-decode shot.mov | ck-hint --method key | ck-post --classical | ck-encode out/\n"
                "ck-decode shot.mov | ck-hint | ck-encode --plane hint=png out/",
};
