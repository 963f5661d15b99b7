/* segment VIDEO FIRST LAST: the event of a finished segment, as a stage reports it. */
#include <stdlib.h>

#include "base/log.h"

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    ck_log_init("segment", CK_LOG_NORMAL);
    ck_log_event_segment(argv[1], atol(argv[2]), atol(argv[3]));
    return 0;
}
