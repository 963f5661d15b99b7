#include "ck-infer/options.h"

#include "nn/devices.h"

#define AT(field) offsetof(ck_infer_options, field)
static const ck_option rows[] = {
    {'m', "model", CK_STRING, AT(model), "FILE", NULL, 0, 0, NULL, 0,
     "the checkpoint, .safetensors or .pth; else $CK_MODEL, else the one in the places that ck(7) lists"},
    {'s', "size", CK_SIZE, AT(size), "N|WxH", NULL, 32, 16384, "auto", CK_INFER_SIZE_AUTO,
     "size of the network's picture, multiples of 32; auto: the largest that memory is left for, up to what the "
     "checkpoint was made for, which it is without this option"},
    {0, "heads", CK_INT, AT(heads), "N", NULL, 1, 64, NULL, 0,
     "attention heads of the first stage, where the checkpoint does not say"},
    {'d', "device", CK_STRING, AT(device), "DEVICE", "auto", 0, 0, NULL, 0,
     "what computes: auto, cpu, cuda, cuda:N, cuda:N,N for several in turn, or ref, which is slow and simple"},
    {0, "precision", CK_CHOICE, AT(precision), NULL, "auto", 0, 0, "f32|tf32|f16|bf16|auto", 0,
     "numbers that products are made of; auto: f16 on cuda, f32, the only ones they have, elsewhere"},
    {0, "blue-as-green", CK_FLAG, AT(blue_as_green), NULL, NULL, 0, 0, NULL, 0,
     "show the network a blue screen as a green one: for one that was trained on green screens only"},
    {0, "blend-key", CK_FLOAT, AT(blend_key), "X", "0", 0, 1, NULL, 0,
     "show the network the hint blended with the plane 'key', so much of that: for one that was trained so"},
    {0, "refine", CK_FLAG, AT(refine), NULL, NULL, 0, 0, NULL, 0,
     "refine as well, in one network: alpha and fg instead of logits, which ck-refine passes on"},
    {0, "scale", CK_FLOAT, AT(finals.scale), "X", "1", 0, 16, NULL, 0,
     "with --refine: strength of the corrections, 0 leaves the coarse matte"},
    {0, "native", CK_FLAG, AT(finals.native), NULL, NULL, 0, 0, NULL, 0,
     "with --refine: leave matte and foreground at the network's size"},
    {0, "detail", CK_FLAG, AT(finals.detail), NULL, NULL, 0, 0, NULL, 0,
     "with --refine: add to the matte what the key or hint shows finer than the network's picture"},
    {0, "correct", CK_FLOAT, AT(finals.correct), "X", "0", 0, 1, NULL, 0,
     "with --refine: make the matte a correction of the key, by at most X where that is a half; 0: leave it"},
    {0, "depth", CK_CHOICE, AT(finals.depth), NULL, "32", 0, 0, "32|16", 0,
     "with --refine: bits of the floats in the planes that are made"},
    {0, "time-layers", CK_FLAG, AT(time_layers), NULL, NULL, 0, 0, NULL, 0,
     "print the time of each layer (no CUDA graph, one sync per step)"},
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
    return ck_nn_devices_named(o->device, &devices, e);
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
