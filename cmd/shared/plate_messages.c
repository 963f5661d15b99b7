#include "shared/plate_messages.h"

#include "base/log.h"
#include "image/plate.h"
#include "key/screen.h"

void ck_messages_plate(ck_frame *first)
{
    const ck_plane *rgb = first ? ck_frame_plane(first, "rgb") : NULL;
    if (rgb && !ck_plate_known(rgb))
        ck_log_warning("plane 'rgb' is encoded as '%s', which is taken as sRGB display values", rgb->encoding);
}

ck_status ck_messages_screen(int asked, ck_meta *head, ck_frame *first, bool *blue, ck_error *e)
{
    ck_screen_choice choice;
    ck_status s = ck_screen_choose(asked, head, first, &choice, e);
    *blue = s == CK_OK && choice.blue;
    if (s == CK_OK)
        (choice.doubtful ? ck_log_warning : ck_log_info)("%s", choice.why);
    return s;
}
