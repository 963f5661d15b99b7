/* goldstream FILE PLANE=TENSOR[:TYPE[:ENCODING]]... [KEY=VALUE]...
 *
 * Write a one-frame ck-frame(5) stream from tensors of a golden (.safetensors, see tests/golden.h).  TYPE is u8, u16,
 * f16 or f32 (default: the tensor's); from u8 tensors, floats are code / 255 and u16 is code * 257.  ENCODING "linear"
 * treats the tensor as sRGB and converts it.  If no TENSOR has that name, KEY=VALUE goes into HEAD.  Status 77: no such
 * golden. */
#include <string.h>
#include <unistd.h>

#include "../golden.h"
#include "image/colour.h"
#include "image/convert.h"
#include "stream/stream.h"

static void die(const ck_error *e)
{
    fprintf(stderr, "goldstream: %s\n", e->text);
    exit(1);
}

static ck_type type_of(const char *name, const char *dtype)
{
    ck_type t = CK_U8;
    while (t < CK_F32 && strcmp(ck_type_name(t), name))
        t++;
    if (!*name)
        t = !strcmp(dtype, "U8") ? CK_U8 : !strcmp(dtype, "U16") ? CK_U16 : !strcmp(dtype, "F16") ? CK_F16 : CK_F32;
    return t;
}

static bool has(const golden *g, const char *name)
{
    for (size_t i = 0; i < g->n; i++)
        if (!strcmp(g->tensors[i].name, name))
            return true;
    return false;
}

static void add(ck_frame *f, const golden *g, const char *plane, const char *tensor, const char *type,
                const char *encoding, ck_error *e)
{
    golden_image im = golden_planar(g, tensor);
    const char *dtype = golden_find(g, tensor)->dtype;
    size_t n = (size_t)im.c * (size_t)im.h * (size_t)im.w;
    ck_plane *p;
    if (ck_frame_add(f, plane, type_of(type, dtype), im.c, im.h, im.w, encoding, &p, e))
        die(e);
    for (size_t i = 0; !strcmp(dtype, "U8") && i < n; i++)
        im.data[i] /= 255.0f;
    if (!strcmp(encoding, "linear"))
        ck_srgb_to_linear(im.data, im.data, n);
    if (p->type == CK_U8)
        ck_f32_to_u8(im.data, ck_plane_data(p), n);
    else if (p->type == CK_U16)
        ck_f32_to_u16(im.data, ck_plane_data(p), n);
    else if (p->type == CK_F16)
        ck_f32_to_f16(im.data, ck_plane_data(p), n);
    else
        memcpy(ck_plane_data(p), im.data, p->bytes);
    free(im.data);
}

int main(int argc, char **argv)
{
    golden g;
    ck_meta head = {0};
    ck_frame f = {0};
    ck_error e;
    ck_writer *w;
    if (argc < 2 || !golden_open(&g, argv[1]))
        return 77;
    for (int i = 2; i < argc; i++) {
        char name[64] = "", tensor[64] = "", type[16] = "", encoding[16] = "";
        int n = sscanf(argv[i], "%63[^=]=%63[^:]:%15[^:]:%15[^:]", name, tensor, type, encoding);
        if (n >= 2 && has(&g, tensor))
            add(&f, &g, name, tensor, type, encoding, &e);
        else if (ck_meta_set(&head, name, tensor, &e))
            die(&e);
    }
    if (ck_head_add_program(&head, "goldstream", NULL, &e) || ck_writer_open(STDOUT_FILENO, 0, &head, &w, &e) ||
        ck_writer_frame(w, &f, &e) || ck_writer_end(w, &e))
        die(&e);
    ck_writer_free(w);
    ck_meta_free(&head);
    ck_frame_free(&f);
    golden_close(&g);
    return 0;
}
