/* The still readers and writers on the command line, for shell tests.
 *
 *     still IN OUT [COMPRESSION [half|float]]
 *
 * reads RGB from a PNG or EXR and writes it; exit 1 and a message when that fails. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/exr.h"
#include "io/png.h"

static bool ends(const char *s, const char *tail)
{
    size_t n = strlen(s), k = strlen(tail);
    return n >= k && !strcmp(s + n - k, tail);
}

static ck_status write_exr(const char *path, const ck_plane *p, const char *compression, ck_type type, ck_error *e)
{
    static const char *const names[] = {"none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab"};
    int c = 0;
    while (strcmp(names[c], compression))
        c++;
    ck_exr_channel ch[3];
    for (int i = 0; i < 3; i++)
        ch[i] = (ck_exr_channel){(const char *[]){"R", "G", "B"}[i], (const char *)p->data + (size_t)i * p->bytes / 3,
                                 p->type};
    ck_meta m = {0};
    ck_status s = ck_meta_set(&m, "ck:transfer", p->encoding, e);
    if (s == CK_OK)
        s = ck_exr_write(path, p->w, p->h, ch, 3, type, (ck_exr_compression)c, &m, e);
    ck_meta_free(&m);
    return s;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    ck_frame f = {0};
    ck_error e = {""};
    ck_status s = ends(argv[1], ".png") ? ck_png_read(argv[1], CK_WANT_RGB, "rgb", &f, &e)
                                        : ck_exr_read(argv[1], CK_WANT_RGB, "rgb", &f, &e);
    const ck_plane *p = &f.planes[0];
    if (s == CK_OK && ends(argv[2], ".png"))
        s = ck_png_write(argv[2], p->w, p->h, 3, p->data, p->type, NULL, &e);
    else if (s == CK_OK)
        s = write_exr(argv[2], p, argc > 3 ? argv[3] : "zip", argc > 4 && !strcmp(argv[4], "float") ? CK_F32 : CK_F16,
                      &e);
    if (s != CK_OK)
        fprintf(stderr, "still: %s\n", e.text);
    ck_frame_free(&f);
    return s != CK_OK;
}
