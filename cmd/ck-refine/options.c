#include "ck-refine/options.h"

#include <stdio.h>

#include "nn/devices.h"

#define AT(field) offsetof(ck_refine_options, field)
static const ck_option rows[] = {
    CK_NETWORK_ROWS(ck_refine_options),
    CK_FINALS_ROWS(ck_refine_options),
    {0, "mode", CK_CHOICE, AT(mode), NULL, "full", 0, 0, "full|tiled|sparse", 0,
     "tiled: the same bytes in less memory; sparse: faster, refines only where the matte is undecided", CK_IN_HELP},
    {0, "tile", CK_INT, AT(tile), "N", NULL, 1, 16384, NULL, 0,
     "tile side in pixels, rounded up to a multiple of 32; for tiled the strip height", CK_IN_HELP},
    {0, "memory", CK_BYTES, AT(memory), "BYTES", NULL, 1, 1e18, NULL, 0,
     "memory limit of tiled and sparse in bytes (K, M, G, T); a temporary file holds the rest",
     CK_IN_HELP | CK_RUN_ONLY},
    {0, "band", CK_STRING, AT(band), "LO,HI", NULL, 0, 0, NULL, 0,
     "sparse: refine coverage between LO and HI (default: 0.02,0.98)", CK_IN_ALL},
    {0, "refresh", CK_INT, AT(refresh), "K", NULL, 1, 100000, NULL, 0,
     "sparse: refine every Kth frame whole (default: the first, and after cuts)", CK_IN_ALL},
    {0, "map", CK_FLAG, AT(map), NULL, NULL, 0, 0, NULL, 0,
     "sparse: add plane refine_map, 255 where the frame was refined", CK_IN_ALL},
    {0},
};

ck_status ck_refine_band(const ck_refine_options *o, double *lo, double *hi, ck_error *e)
{
    const char *text = o->band ? o->band : "0.02,0.98";
    int used = 0;
    bool good = sscanf(text, "%lf,%lf%n", lo, hi, &used) == 2 && !text[used] && *lo >= 0 && *lo < *hi && *hi <= 1;
    return good ? CK_OK : ck_fail(e, CK_ERR_ARGUMENT, "--band '%s' is not LO,HI with 0 <= LO < HI <= 1", text);
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
        return ck_fail(e, CK_ERR_ARGUMENT, "--%s needs --mode %s: see ck-refine --help=all", wrong, mode);
    ck_status st = ck_refine_band(o, &lo, &hi, e);
    if (st == CK_OK)
        st = ck_nn_devices_named(o->network.device, &devices, e);
    if (st == CK_OK && devices.n > 1 && o->mode == CK_REFINE_SPARSE)
        st = ck_fail(e, CK_ERR_ARGUMENT, "--mode sparse runs on one device: name one, not '%s'", o->network.device);
    return st;
}

const ck_program ck_refine_program = {
    .name = "ck-refine",
    .summary = "refine the network's logits to alpha and fg at plate size",
    .usage = "",
    .options = rows,
    .options_size = sizeof(ck_refine_options),
    .examples = "ck-decode shot.mov | ck-hint | ck-infer -m CorridorKey.pth |\n"
                "  ck-refine -m CorridorKey.pth | ck-encode out/\n"
                "ck-refine --mode tiled --memory 2G < logits.ck | ck-encode out/\n"
                "ck-refine --refiner-scale 0 < logits.ck | ck-info --sheet coarse.png",
    .check = check,
};
