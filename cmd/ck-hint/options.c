#include "ck-hint/options.h"

#include "key/screen.h"

#define AT(field) offsetof(ck_hint_options, field)
static const ck_option rows[] = {
    {0, "method", CK_CHOICE, AT(method), NULL, "hsv", 0, 0, "hsv|key", 0,
     "hsv: the recipe that the network was trained with; key: a soft classical matte", CK_IN_HELP},
    CK_SCREEN_ROW(ck_hint_options, screen),
    {0, "screen-colour", CK_STRING, AT(screen_colour), "R,G,B", NULL, 0, 0, NULL, 0,
     "the screen's colour for the key, in sRGB from 0 to 255 (default: estimated in each frame)", CK_IN_HELP},
    {0, "screen-at", CK_STRING, AT(screen_at), "X,Y[,R]", NULL, 0, 0, NULL, 0,
     "screen colour: median within R (4) pixels of X,Y", CK_IN_KEY},
    {0, "replace", CK_FLAG, AT(replace), NULL, NULL, 0, 0, NULL, 0, "make a new hint even if the stream has one",
     CK_IN_HELP},
    {0, "with-key", CK_FLAG, AT(with_key), NULL, NULL, 0, 0, NULL, 0,
     "add the classical matte as plane 'key' too, for ck-refine --detail", CK_IN_HELP},
    {0},
};

static ck_status check(const void *opts, ck_error *e)
{
    const ck_hint_options *o = opts;
    const char *name = o->screen_colour ? "--screen-colour" : "--screen-at";
    ck_hand hand;
    ck_status s = ck_hand_parse(o->screen_colour, o->screen_at, &hand, e);
    if (s != CK_OK || (!hand.colour && !hand.spot))
        return s;
    if (o->method != CK_HINT_KEY && !o->with_key)
        return ck_fail(e, CK_ERR_ARGUMENT, "%s needs the key: add --method key or --with-key", name);
    bool blue = o->screen == CK_SCREEN_AUTO ? ck_hand_blue(hand.rgb) : o->screen == CK_SCREEN_BLUE;
    if (hand.colour && ck_hand_check(hand.rgb, blue, e) != CK_OK)
        return ck_fail_in(e, CK_ERR_ARGUMENT, name);
    return CK_OK;
}

const ck_program ck_hint_program = {
    .name = "ck-hint",
    .summary = "make a coarse alpha hint, or a classical matte, from a plate",
    .usage = "",
    .options = rows,
    .options_size = sizeof(ck_hint_options),
    .examples = "ck-decode shot.mov | ck-hint | ck-encode --plane hint=png out/\n"
                "ck-decode shot.mov | ck-hint --method key | ck-post --classical |\n"
                "  ck-encode out/",
    .check = check,
};
