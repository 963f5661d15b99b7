/* Write a synthetic checkpoint (../mkmodel.h).
 *
 *     mkmodel [--arch base_plus|tiny|mini] [--img-size N] [--seed N] [--half] [--heads N] [--embed N]
 *             [--stages A,B,C,D] [--decoder-width N] [--refiner-width N] OUT.safetensors|OUT.pth
 *
 * Defaults are those of synth_weights.py: base_plus for 512, seed 0.  --heads 0 omits num_heads from the metadata. */
#include "../mkmodel.h"

static long number(const char *option, const char *text, long min, long max)
{
    char *end;
    long v = text ? strtol(text, &end, 10) : -1;
    if (!text || end == text || *end || v < min || v > max) {
        fprintf(stderr, "mkmodel: %s takes a number from %ld to %ld\n", option, min, max);
        exit(2);
    }
    return v;
}

static void stages(const char *text, int depth[4])
{
    int used = 0;
    if (!text || sscanf(text, "%d,%d,%d,%d%n", &depth[0], &depth[1], &depth[2], &depth[3], &used) != 4 || text[used]) {
        fprintf(stderr, "mkmodel: --stages takes four numbers, as in 2,3,16,3\n");
        exit(2);
    }
}

static const char *parse(int argc, char **argv, mk_spec *s)
{
    const char *out = NULL;
    *s = (mk_spec){.decoder = 256, .refiner = 64, .size = 512};
    mk_arch(s, "base_plus");
    for (int i = 1; i < argc; i++) {
        const char *o = argv[i], *v = i + 1 < argc ? argv[i + 1] : NULL;
        if (*o != '-') {
            out = o;
            continue;
        }
        if (!strcmp(o, "--half")) {
            s->half = true;
            continue;
        }
        i++;
        if (!strcmp(o, "--arch") && v && mk_arch(s, v))
            continue;
        if (!strcmp(o, "--stages"))
            stages(v, s->depth);
        else if (!strcmp(o, "--img-size"))
            s->size = (int)number(o, v, 32, 8192);
        else if (!strcmp(o, "--seed"))
            s->seed = (uint64_t)number(o, v, 0, 1 << 30);
        else if (!strcmp(o, "--heads"))
            s->heads = (int)number(o, v, 0, 256);
        else if (!strcmp(o, "--embed"))
            s->embed = (int)number(o, v, 1, 1024);
        else if (!strcmp(o, "--decoder-width"))
            s->decoder = (int)number(o, v, 1, 4096);
        else if (!strcmp(o, "--refiner-width"))
            s->refiner = (int)number(o, v, 1, 4096);
        else {
            fprintf(stderr, "mkmodel: '%s' makes no sense\n", o);
            exit(2);
        }
    }
    return out;
}

int main(int argc, char **argv)
{
    mk_spec s;
    const char *out = parse(argc, argv, &s);
    FILE *f = out ? fopen(out, "wb") : NULL;
    bool good = false;
    if (f && mk_ends(out, ".pth")) {
        blob b = mk_pth_blob(&s);
        good = fwrite(b.p, 1, b.n, f) == b.n;
        blob_free(&b);
    } else if (f) {
        good = mk_safetensors(&s, f);
    }
    if (!f || fclose(f) || !good) {
        fprintf(stderr, "mkmodel: cannot write %s\n", out ? out : "what is not named");
        return 1;
    }
    return 0;
}
