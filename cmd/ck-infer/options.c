#include "ck-infer/options.h"

#include "nn/devices.h"

#define AT(field) offsetof(ck_infer_options, field)
static const ck_option rows[] = {
    CK_NETWORK_ROWS(ck_infer_options),
    {'s', "size", CK_SIZE, AT(size), "N|WxH", NULL, 32, 16384, "auto", CK_INFER_SIZE_AUTO,
     "inference size, a multiple of 32; auto: largest that fits in memory (default: the size the checkpoint was "
     "trained at)"},
    {0, "refine", CK_FLAG, AT(refine), NULL, NULL, 0, 0, NULL, 0,
     "refine as well, in one network: alpha and fg instead of logits, which ck-refine passes on"},
    CK_FINALS_ROWS(ck_infer_options),
    {0},
};

static ck_status check(const void *opts, ck_error *e)
{
    const ck_infer_options *o = opts;
    const char *refiners = ck_finals_asked(&o->finals);
    ck_nn_devices devices;
    if (refiners && !o->refine)
        return ck_fail(e, CK_ERR_ARGUMENT, "--%s is for --refine: see ck-infer --help", refiners);
    if (o->size.h != CK_INFER_SIZE_AUTO && (o->size.h % 32 || o->size.w % 32))
        return ck_fail(e, CK_ERR_ARGUMENT, "--size %dx%d: use multiples of 32", o->size.w, o->size.h);
    return ck_nn_devices_named(o->network.device, &devices, e);
}

const ck_program ck_infer_program = {
    .name = "ck-infer",
    .summary = "run the network's encoder and decoders: logits of matte and foreground",
    .usage = "",
    .options = rows,
    .options_size = sizeof(ck_infer_options),
    .examples = "ck-decode shot.mov | ck-hint | ck-infer -m CorridorKey.pth | ck-refine -m CorridorKey.pth | "
                "ck-encode out/\n"
                "ck-decode --hint roto.mov shot.mov | ck-infer -s 1024 -v | ck-refine | ck-post | ck-encode out/\n"
                "ck-decode shot.mov | ck-hint | ck-infer --refine -d cuda | ck-post | ck-encode out/",
    .check = check,
};
