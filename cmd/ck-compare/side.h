/* One of the two inputs compared: a stream, or a file that ck-decode turns into one. */
#ifndef CK_COMPARE_SIDE_H
#define CK_COMPARE_SIDE_H

#include <sys/types.h>

#include "stream/stream.h"

typedef struct ck_side {
    const char *path;
    int fd;
    pid_t decoder; /* process of the ck-decode that reads for us, or 0 */
    ck_reader *reader;
    ck_frame frame; /* the latest */
} ck_side;

/* Open the stream on standard input ("-"), a file that starts as a stream, or any other file through ck-decode, whose
 * plane `hint` is then the matte.  Errors name the path. */
ck_status ck_side_open(ck_side *s, const char *path, double timeout, ck_error *e);

/* The next frame; CK_END after the last.  An error frame is an error. */
ck_status ck_side_next(ck_side *s, ck_error *e);

/* Copy plane `name`, which must have c channels, as float32 into a new buffer *out.  If name is NULL: the first plane
 * of `usual`, a list that ends in NULL, that the frame has. */
ck_status ck_side_plane(ck_side *s, const char *name, const char *const *usual, int c, int *h, int *w, ck_buffer **out,
                        ck_error *e);

void ck_side_close(ck_side *s);

#endif
