/* mkstream [-n FRAMES] [-g WxH] [PLANE:TYPE:C[:ENCODING[:WxH]]]... [KEY=VALUE]... [-e N] [-a N] [-x N] [-w N] [-q N]
 * [-s STEM]
 *
 * Write a ck-frame(5) stream with pseudo-random planes.  Values differ per frame, plane and sample; floats go from
 * -0.25 to 1.25.  KEY=VALUE goes into HEAD.  -e N: frame N is an error frame; -a N: ABORT instead of frame N; -x N:
 * stop before frame N, without END; -w N: from frame N on, frames are one pixel wider; -q N: frame N contains a NaN; -s
 * STEM: stem of every frame ("-": none). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/convert.h"
#include "stream/stream.h"

static uint64_t seed;

static uint32_t next(void)
{
    uint64_t z = (seed += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    return (uint32_t)(z >> 32);
}

static void fill(const ck_plane *p, bool nan)
{
    size_t n = p->bytes / p->elem;
    for (size_t i = 0; i < n; i++) {
        float v = (float)(next() >> 8) / (float)(1 << 24) * 1.5f - 0.25f;
        v = nan ? NAN : v;
        if (p->type == CK_U8)
            ((uint8_t *)ck_plane_data(p))[i] = (uint8_t)next();
        else if (p->type == CK_U16)
            ((uint16_t *)ck_plane_data(p))[i] = (uint16_t)next();
        else if (p->type == CK_F32)
            ((float *)ck_plane_data(p))[i] = v;
        else
            ck_f32_to_f16(&v, (uint16_t *)ck_plane_data(p) + i, 1);
    }
}

static void die(const ck_error *e)
{
    fprintf(stderr, "mkstream: %s\n", e->text);
    exit(1);
}

static void add(ck_frame *f, const char *spec, int w, int h, bool nan, ck_error *e)
{
    char name[32], type[16], encoding[16] = "";
    int c;
    if (sscanf(spec, "%31[^:]:%15[^:]:%d:%15[^:]:%dx%d", name, type, &c, encoding, &w, &h) < 3)
        die((ck_fail(e, CK_ERR_ARGUMENT, "bad plane %s", spec), e));
    ck_type t = CK_U8;
    while (t < CK_F32 && strcmp(ck_type_name(t), type))
        t++;
    ck_plane *p;
    if (ck_frame_add(f, name, t, c, h, w, strcmp(encoding, "-") ? encoding : "", &p, e))
        die(e);
    fill(p, nan);
}

int main(int argc, char **argv)
{
    int n = 3, w = 32, h = 18, error = -1, abort_at = -1, stop = -1, wider = -1, nan = -1, opt;
    const char *stem = NULL;
    ck_error e = {{0}};
    ck_meta head = {0};
    ck_writer *wr;
    while ((opt = getopt(argc, argv, "n:g:e:a:x:w:q:s:")) != -1) {
        if (opt == 'g' && sscanf(optarg, "%dx%d", &w, &h) != 2)
            return 2;
        if (opt == '?')
            return 2;
        int *to = opt == 'n'   ? &n
                  : opt == 'e' ? &error
                  : opt == 'a' ? &abort_at
                  : opt == 'x' ? &stop
                  : opt == 'w' ? &wider
                  : opt == 'q' ? &nan
                               : NULL;
        if (to)
            *to = atoi(optarg);
        if (opt == 's')
            stem = optarg;
    }
    ck_meta_set(&head, "source", "mkstream", &e);
    ck_meta_setf(&head, &e, "width", "%d", w);
    ck_meta_setf(&head, &e, "height", "%d", h);
    for (int i = optind; i < argc; i++) {
        char *eq = strchr(argv[i], '=');
        if (eq) {
            *eq = 0;
            ck_meta_set(&head, argv[i], eq + 1, &e);
            *eq = '=';
        }
    }
    ck_head_add_program(&head, "mkstream", NULL, &e);
    if (ck_writer_open(STDOUT_FILENO, 0, &head, &wr, &e))
        die(&e);
    for (int k = 0; k < n; k++) {
        if (k == abort_at)
            ck_writer_abort(wr, "mkstream", "asked to abort", false);
        if (k == abort_at || k == stop) {
            ck_writer_free(wr);
            ck_meta_free(&head);
            ck_pool_trim();
            return 1;
        }
        ck_frame f = {.seq = (uint64_t)k};
        seed = (uint64_t)k * 1000003;
        ck_meta_setf(&f.meta, &e, "number", "%d", 1001 + k);
        if (!stem)
            ck_meta_setf(&f.meta, &e, "stem", "f.%d", 1001 + k);
        else if (strcmp(stem, "-"))
            ck_meta_set(&f.meta, "stem", stem, &e);
        for (int i = optind; i < argc && k != error; i++)
            if (!strchr(argv[i], '='))
                add(&f, argv[i], w + (wider >= 0 && k >= wider), h, k == nan, &e);
        if (k == error)
            ck_frame_set_error(&f, "asked to fail", &e);
        if (ck_writer_frame(wr, &f, &e))
            die(&e);
        ck_frame_free(&f);
    }
    if (ck_writer_end(wr, &e))
        die(&e);
    ck_writer_free(wr);
    ck_meta_free(&head);
    ck_pool_trim();
    return 0;
}
