#include "ck-refine/options.h"

#include <stdio.h>

#include "nn/devices.h"

#define AT(field) offsetof(ck_refine_options, field)
static const ck_option rows[] = {
    {'m', "model", CK_STRING, AT(model), "FILE", NULL, 0, 0, NULL, 0,
     "the checkpoint, .safetensors or .pth; else $CK_MODEL, else the one in the places that ck(7) lists"},
    {0, "heads", CK_INT, AT(heads), "N", NULL, 1, 64, NULL, 0,
     "attention heads of the first stage, where the checkpoint does not say"},
    {'d', "device", CK_STRING, AT(device), "DEVICE", "auto", 0, 0, NULL, 0,
     "what computes: auto, cpu, cuda, cuda:N, cuda:N,N for several in turn, or ref, which is slow and simple"},
    {0, "precision", CK_CHOICE, AT(precision), NULL, "auto", 0, 0, "f32|tf32|f16|bf16|auto", 0,
     "numbers that products are made of; auto: f16 on cuda, f32, the only ones they have, elsewhere"},
    {0, "blue-as-green", CK_FLAG, AT(blue_as_green), NULL, NULL, 0, 0, NULL, 0,
     "show the network a blue screen as a green one, as ck-infer did"},
    {0, "scale", CK_FLOAT, AT(finals.scale), "X", "1", 0, 16, NULL, 0,
     "strength of the corrections: 0 leaves the coarse matte"},
    {0, "native", CK_FLAG, AT(finals.native), NULL, NULL, 0, 0, NULL, 0,
     "leave matte and foreground at the network's size"},
    {0, "detail", CK_FLAG, AT(finals.detail), NULL, NULL, 0, 0, NULL, 0,
     "add to the matte what the plane 'key', or else the hint, shows finer than the network's picture"},
    {0, "correct", CK_FLOAT, AT(finals.correct), "X", "0", 0, 1, NULL, 0,
     "make the matte a correction of the key, over areas and by at most X where that is a half; 0: leave it"},
    {0, "depth", CK_CHOICE, AT(finals.depth), NULL, "32", 0, 0, "32|16", 0,
     "bits of the floats in the planes that are made"},
    {0, "mode", CK_CHOICE, AT(mode), NULL, "full", 0, 0, "full|tiled|sparse", 0,
     "tiled: the same bytes in less memory; sparse: faster, where the matte is undecided only"},
    {0, "tile", CK_INT, AT(tile), "N", NULL, 1, 16384, NULL, 0,
     "pixels of a tile's side, rounded up to a multiple of 32: tiled works in bands as high, sparse decides tile by "
     "tile"},
    {0, "memory", CK_BYTES, AT(memory), "BYTES", NULL, 1, 1e18, NULL, 0,
     "what tiled and sparse may take, K, M, G and T understood: a temporary file holds the rest"},
    {0, "band", CK_STRING, AT(band), "LO,HI", NULL, 0, 0, NULL, 0,
     "sparse: coverage between the two is undecided; 0.02,0.98 if not given"},
    {0, "refresh", CK_INT, AT(refresh), "K", NULL, 1, 100000, NULL, 0,
     "sparse: refine every Kth frame whole, to take its statistics; without it only the first and after cuts"},
    {0, "map", CK_FLAG, AT(map), NULL, NULL, 0, 0, NULL, 0,
     "sparse: add the plane refine_map, 255 where a frame was refined"},
    {0, "time-layers", CK_FLAG, AT(time_layers), NULL, NULL, 0, 0, NULL, 0,
     "print the time of each layer (no CUDA graph, one sync per step)"},
    {0},
};

ck_status ck_refine_band(const ck_refine_options *o, double *lo, double *hi, ck_error *e)
{
    const char *text = o->band ? o->band : "0.02,0.98";
    int used = 0;
    bool good = sscanf(text, "%lf,%lf%n", lo, hi, &used) == 2 && !text[used] && *lo >= 0 && *lo < *hi && *hi <= 1;
    return good ? CK_OK
                : ck_fail(e, CK_ERR_ARGUMENT, "--band '%s' is not LO,HI with 0 <= LO < HI <= 1: see ck-refine --help",
                          text);
}

static ck_status check(const void *opts, ck_error *e)
{
    const ck_refine_options *o = opts;
    const char *wrong = NULL, *mode = "tiled or sparse";
    ck_nn_devices devices;
    double lo, hi;
    if (o->mode == CK_REFINE_FULL)
        wrong = o->tile ? "tile" : o->memory ? "memory" : NULL;
    if (!wrong && o->mode != CK_REFINE_SPARSE) {
        wrong = o->band ? "band" : o->refresh ? "refresh" : o->map ? "map" : NULL;
        mode = "sparse";
    }
    if (wrong)
        return ck_fail(e, CK_ERR_ARGUMENT, "--%s is for --mode %s: see ck-refine --help", wrong, mode);
    ck_status st = ck_refine_band(o, &lo, &hi, e);
    if (st == CK_OK)
        st = ck_nn_devices_named(o->device, &devices, e);
    if (st == CK_OK && devices.n > 1 && o->mode == CK_REFINE_SPARSE)
        st =
            ck_fail(e, CK_ERR_ARGUMENT, "--mode sparse goes from frame to frame: name one device, not '%s'", o->device);
    return st;
}

const ck_program ck_refine_program = {
    .name = "ck-refine",
    .summary = "refine the network's logits to a matte and a foreground of the plate's size",
    .usage = "",
    .options = rows,
    .options_size = sizeof(ck_refine_options),
    .examples = "ck-decode shot.mov | ck-hint | ck-infer -m CorridorKey.pth | ck-refine -m CorridorKey.pth | "
                "ck-encode out/\n"
                "ck-refine -m CorridorKey.pth --scale 0 < logits.ck | ck-info --sheet coarse.png\n"
                "ck-refine --mode tiled --memory 2G < logits.ck | ck-encode out/",
    .check = check,
};
