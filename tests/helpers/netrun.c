/* netrun DEVICE PARTS MODEL WxH [OUT [LO,HI]]: one frame of noise through a checkpoint's network.
 *
 * PARTS is infer, refine or both.  OUT receives float32 values: the input [4][h][w], the logits [4][h/4][w/4] and the
 * result [4][h][w], zeros without refine.  The noise has a fixed seed; refine without infer gets noise as logits
 * too.  LO,HI: the route, see ck_network_options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../guard.h"
#include "greenformer/network.h"
#include "greenformer/route.h"

static void die(const char *what)
{
    fprintf(stderr, "netrun: %s\n", what);
    exit(1);
}

static float *noise(size_t n, float range, uint32_t *seed)
{
    float *p = malloc(n * sizeof *p);
    if (!p)
        die("out of memory");
    for (size_t i = 0; i < n; i++)
        p[i] = rnd_float(seed, -range, range);
    return p;
}

static ck_network *open_network(const char *model, const ck_network_options *o)
{
    ck_weights *w;
    ck_spec t;
    ck_network *n;
    ck_error e;
    unsigned parts = (o->infer ? CK_PART_ENCODER | CK_PART_DECODERS : 0u) | (o->refine ? CK_PART_REFINER : 0u);
    if (ck_weights_open(model, &w, &e) != CK_OK || ck_spec_check(w, 0, false, parts, &t, &e) != CK_OK ||
        ck_network_open(w, &t.sizes, o, &n, &e) != CK_OK)
        die(e.text);
    ck_weights_free(w);
    return n;
}

int main(int argc, char **argv)
{
    ck_network_options o = {.scale = 1, .without = ""};
    if (argc < 5 || sscanf(argv[4], "%dx%d", &o.w, &o.h) != 2 || o.h < 32 || o.w < 32 || o.h > 8192 || o.w > 8192)
        die("usage: netrun DEVICE infer|refine|both MODEL WxH [OUT [LO,HI]]");
    o.route = argc > 6;
    if (o.route && !ck_route_parse(argv[6], &o.lo, &o.hi))
        die("a route is LO,HI");
    o.device = argv[1];
    o.infer = strcmp(argv[2], "refine") != 0;
    o.refine = strcmp(argv[2], "infer") != 0;
    size_t pixels = (size_t)o.h * (size_t)o.w;
    uint32_t seed = 5;
    float *in = noise(4 * pixels, 2, &seed), *logits = noise(pixels / 4, 6, &seed),
          *out = calloc(4 * pixels, sizeof *out);
    ck_network *n = open_network(argv[3], &o);
    ck_network_io io = {.rgb = in,
                        .hint = in + 3 * pixels,
                        .alpha_logits = logits,
                        .fg_logits = logits + pixels / 16,
                        .alpha = out,
                        .fg = out + pixels};
    ck_error e;
    if (!out)
        die("out of memory");
    if (ck_network_run(n, &io, false, &e) != CK_OK)
        die(e.text);
    ck_network_close(n);
    FILE *f = argc > 5 ? fopen(argv[5], "wb") : NULL;
    if (argc > 5 && (!f || fwrite(in, 16, pixels, f) != pixels || fwrite(logits, 4, pixels / 4, f) != pixels / 4 ||
                     fwrite(out, 16, pixels, f) != pixels || fclose(f)))
        die("cannot write");
    free(in);
    free(logits);
    free(out);
    return 0;
}
