#include "ck-infer/options.h"

#include "nn/devices.h"

#define AT(field) offsetof(ck_infer_options, field)
static const ck_option rows[] = {
    CK_NETWORK_ROWS(ck_infer_options),
    {'s', "size", CK_SIZE, AT(size), "N|WxH", NULL, 32, 16384, "auto", CK_INFER_SIZE_AUTO,
     "inference size, a multiple of 32; auto: largest that fits in memory (default: the checkpoint's)", CK_IN_KEY},
    {0, "refine", CK_FLAG, AT(refine), NULL, NULL, 0, 0, NULL, 0, "run the refiner too: alpha and fg instead of logits",
     CK_IN_HELP},
    CK_FINALS_ROWS(ck_infer_options),
    {0},
};

static ck_status check(const void *opts, ck_error *e)
{
    const ck_infer_options *o = opts;
    const char *refiners = ck_finals_asked(&o->finals);
    ck_nn_devices devices;
    if (refiners && !o->refine)
        return ck_fail(e, CK_ERR_ARGUMENT, "--%s needs --refine: see ck-infer --help=all", refiners);
    if (o->size.h != CK_INFER_SIZE_AUTO && (o->size.h % 32 || o->size.w % 32))
        return ck_fail(e, CK_ERR_ARGUMENT, "--size %dx%d: use multiples of 32", o->size.w, o->size.h);
    return ck_nn_devices_named(o->network.device, &devices, e);
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
