#include "shared/plate_messages.h"

#include "base/log.h"
#include "image/plate.h"

void ck_messages_plate(ck_frame *first)
{
    const ck_plane *rgb = first ? ck_frame_plane(first, "rgb") : NULL;
    if (rgb && !ck_plate_known(rgb))
        ck_log_warning("plane 'rgb' is encoded as '%s': treated as sRGB", rgb->encoding);
}

ck_status ck_messages_screen(int asked, const ck_hand *hand, ck_meta *head, ck_frame *first, ck_screen_choice *c,
                             ck_error *e)
{
    ck_status s = ck_screen_choose(asked, hand, head, first, c, e);
    if (s == CK_OK && c->decided)
        ck_log_info("%s", c->why);
    else if (s == CK_OK && !c->upstream)
        ck_log_info("no screen in the first frame: the first frame with one decides");
    return s;
}

ck_status ck_messages_screen_admit(ck_screen_choice *c, ck_frame *f, ck_error *e)
{
    bool now;
    ck_status s = ck_screen_admit(c, f, &now, e);
    if (s == CK_OK && now)
        ck_log_info("%s", c->why);
    return s;
}

void ck_messages_screen_end(const ck_screen_choice *c)
{
    if (!c->decided && !c->upstream)
        ck_log_warning("no screen was found in any frame: green is assumed: give --screen");
}

ck_status ck_messages_size(ck_size *held, ck_frame *f, const char *name, ck_error *e)
{
    const ck_plane *p = ck_frame_plane(f, name);
    if (!p)
        return CK_OK;
    if (!held->w)
        *held = (ck_size){p->w, p->h};
    if (p->w == held->w && p->h == held->h)
        return CK_OK;
    return ck_fail(e, CK_ERR_FORMAT,
                   "frame size changed in mid-stream, plane '%s' from %d x %d to %d x %d: split the input", name,
                   held->w, held->h, p->w, p->h);
}
