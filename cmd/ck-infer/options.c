#include "ck-infer/options.h"

#include <string.h>

#include "greenformer/route.h"
#include "greenformer/split.h"
#include "nn/devices.h"

#define AT(field) offsetof(ck_infer_options, field)
static const ck_option rows[] = {
    CK_NETWORK_ROWS(ck_infer_options),
    {'s', "size", CK_SIZE, AT(size), "N|WxH", NULL, 32, 16384, "auto", CK_INFER_SIZE_AUTO,
     "inference size, a multiple of 32; auto: largest that fits in memory (default: the checkpoint's)", CK_IN_KEY},
    {0, "aspect", CK_CHOICE, AT(aspect), NULL, "squeeze", 0, 0, "squeeze|keep", 0,
     "keep: give the network the aspect ratio of plate or region, inside --size", CK_IN_HELP},
    {0, "crop", CK_STRING, AT(crop), "auto|off|X,Y,W,H", "off", 0, 0, NULL, 0,
     "show the network this region only; auto: the subject's box, found in the hint", CK_IN_HELP},
    {0, "split", CK_INT, AT(split), "N", "off", CK_SPLIT_GRID + CK_SPLIT_STRIDE_LEAST, 16384, "off", 0,
     "run the network on tiles of N x N pixels at inference size: less memory, an approximation", CK_IN_HELP},
    {0, "overlap", CK_INT, AT(overlap), "M", NULL, CK_SPLIT_GRID, 16384, NULL, 0,
     "overlap of the tiles in pixels (default: an eighth of --split)", CK_IN_ALL},
    {0, "route", CK_STRING, AT(route), "LO,HI", "0,1", 0, 0, NULL, 0,
     "experimental: skip global attention where the mean hint is outside LO to HI; 0,1: nowhere", CK_IN_ALL},
    {0, "refine", CK_FLAG, AT(refine), NULL, NULL, 0, 0, NULL, 0, "run the refiner too: alpha and fg instead of logits",
     CK_IN_HELP},
    CK_FINALS_ROWS(ck_infer_options),
    {0},
};

ck_status ck_infer_crop_of(const ck_infer_options *o, ck_infer_crop *how, ck_crop *region, ck_error *e)
{
    *region = (ck_crop){0};
    *how = !strcmp(o->crop, "off")    ? CK_INFER_CROP_OFF
           : !strcmp(o->crop, "auto") ? CK_INFER_CROP_AUTO
                                      : CK_INFER_CROP_FIXED;
    if (*how != CK_INFER_CROP_FIXED || ck_crop_parse(o->crop, region))
        return CK_OK;
    return ck_fail(e, CK_ERR_ARGUMENT, "--crop '%s' is not auto, off or X,Y,W,H in pixels of the plate", o->crop);
}

int ck_infer_overlap(const ck_infer_options *o)
{
    int eighth = o->split / 8 / CK_SPLIT_GRID * CK_SPLIT_GRID;
    return o->overlap ? o->overlap : eighth ? eighth : CK_SPLIT_GRID;
}

static ck_status check_split(const ck_infer_options *o, ck_error *e)
{
    int overlap = ck_infer_overlap(o);
    double lo, hi;
    if (!o->split)
        return o->overlap ? ck_fail(e, CK_ERR_ARGUMENT, "--overlap needs --split") : CK_OK;
    if (o->split % CK_SPLIT_GRID || overlap % CK_SPLIT_GRID)
        return ck_fail(e, CK_ERR_ARGUMENT, "--split %d, --overlap %d: use multiples of %d", o->split, overlap,
                       CK_SPLIT_GRID);
    if (o->split < overlap + CK_SPLIT_STRIDE_LEAST)
        return ck_fail(e, CK_ERR_ARGUMENT, "--overlap %d: use at most %d with --split %d", overlap,
                       o->split - CK_SPLIT_STRIDE_LEAST, o->split);
    if (o->size.h == CK_INFER_SIZE_AUTO)
        return ck_fail(e, CK_ERR_ARGUMENT, "--size auto fits a whole picture: name a size with --split");
    ck_route_parse(o->route, &lo, &hi);
    return lo > 0 || hi < 1 ? ck_fail(e, CK_ERR_ARGUMENT, "--route and --split exclude each other: leave one out")
                            : CK_OK;
}

static ck_status check(const void *opts, ck_error *e)
{
    const ck_infer_options *o = opts;
    const char *refiners = ck_finals_asked(&o->finals);
    ck_nn_devices devices;
    ck_infer_crop how;
    ck_crop region;
    ck_status st = ck_infer_crop_of(o, &how, &region, e);
    double lo, hi;
    if (st != CK_OK)
        return st;
    if (!ck_route_parse(o->route, &lo, &hi))
        return ck_fail(e, CK_ERR_ARGUMENT, "--route '%s' is not LO,HI with 0 <= LO < HI <= 1", o->route);
    if (refiners && !o->refine)
        return ck_fail(e, CK_ERR_ARGUMENT, "--%s needs --refine: see ck-infer --help=all", refiners);
    if (o->size.h != CK_INFER_SIZE_AUTO && (o->size.h % 32 || o->size.w % 32))
        return ck_fail(e, CK_ERR_ARGUMENT, "--size %dx%d: use multiples of 32", o->size.w, o->size.h);
    st = check_split(o, e);
    return st == CK_OK ? ck_nn_devices_named(o->network.device, &devices, e) : st;
}

const ck_program ck_infer_program = {
    .name = "ck-infer",
    .summary = "run the network's encoder and decoders: logits of alpha and fg",
    .usage = "",
    .options = rows,
    .options_size = sizeof(ck_infer_options),
    .examples = "ck-decode shot.mov | ck-hint | ck-infer -m CorridorKey.pth |\n"
                "  ck-refine -m CorridorKey.pth | ck-encode out/\n"
                "ck-decode shot.mov | ck-hint | ck-infer --refine -d cuda | ck-post |\n"
                "  ck-encode out/\n"
                "ck-decode --hint roto.mov shot.mov | ck-infer -s 1024 -v | ck-refine |\n"
                "  ck-post | ck-encode out/",
    .check = check,
};
