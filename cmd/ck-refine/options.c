#include "ck-refine/options.h"

#define AT(field) offsetof(ck_refine_options, field)
static const ck_option rows[] = {
    {'m', "model", CK_STRING, AT(model), "FILE", NULL, 0, 0, NULL, 0,
     "the checkpoint, .safetensors or .pth; else $CK_MODEL, else the one in the places that ck(7) lists"},
    {0, "heads", CK_INT, AT(heads), "N", NULL, 1, 64, NULL, 0,
     "attention heads of the first stage, where the checkpoint does not say"},
    {'d', "device", CK_STRING, AT(device), "DEVICE", "auto", 0, 0, NULL, 0,
     "what computes: auto, cpu, or ref, which is slow and simple"},
    {0, "precision", CK_CHOICE, AT(precision), NULL, "f32", 0, 0, "f32", 0, "numbers that products are made of"},
    {0, "scale", CK_FLOAT, AT(scale), "X", "1", 0, 16, NULL, 0,
     "strength of the corrections: 0 leaves the coarse matte"},
    {0, "native", CK_FLAG, AT(native), NULL, NULL, 0, 0, NULL, 0, "leave matte and foreground at the network's size"},
    {0, "depth", CK_CHOICE, AT(depth), NULL, "32", 0, 0, "32|16", 0, "bits of the floats in the planes that are made"},
    {0},
};

const ck_program ck_refine_program = {
    .name = "ck-refine",
    .summary = "refine the network's logits to a matte and a foreground of the plate's size",
    .usage = "",
    .options = rows,
    .options_size = sizeof(ck_refine_options),
    .examples = "ck-decode shot.mov | ck-hint | ck-infer -m CorridorKey.pth | ck-refine -m CorridorKey.pth | "
                "ck-encode out/\n"
                "ck-refine -m CorridorKey.pth --scale 0 < logits.ck | ck-info --sheet coarse.png",
};
