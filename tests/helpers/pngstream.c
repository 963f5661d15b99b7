/* pngstream FILE rgb|hint: a picture as a one-frame ck-frame(5) stream, read as by the goldens' tests. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/png.h"
#include "stream/stream.h"

int main(int argc, char **argv)
{
    ck_frame f = {0};
    ck_meta head = {0};
    ck_writer *w = NULL;
    ck_error e = {"usage: pngstream FILE rgb|hint"};
    ck_status s = CK_ERR_ARGUMENT;
    if (argc == 3)
        s = ck_png_read(argv[1], strcmp(argv[2], "hint") ? CK_WANT_RGB : CK_WANT_HINT, "p", &f, &e);
    if (s == CK_OK)
        s = ck_writer_open(STDOUT_FILENO, 0, &head, &w, &e);
    if (s == CK_OK)
        s = ck_writer_frame(w, &f, &e);
    if (s == CK_OK)
        s = ck_writer_end(w, &e);
    if (s != CK_OK)
        fprintf(stderr, "pngstream: %s\n", e.text);
    ck_writer_free(w);
    ck_frame_free(&f);
    return s != CK_OK;
}
