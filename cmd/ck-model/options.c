#include "ck-model/options.h"

#include <string.h>

#define AT(field) offsetof(ck_model_options, field)
static const ck_option rows[] = {
    {0, "heads", CK_INT, AT(heads), "N", NULL, 1, 256, NULL, 0,
     "check, convert: attention heads of the first stage, if the file does not say; convert records them", CK_IN_HELP},
    {0, "strict", CK_FLAG, AT(strict), NULL, NULL, 0, 0, NULL, 0,
     "check: fail on tensors that the network does not use", CK_IN_HELP},
    {0, "against", CK_STRING, AT(against), "FILE", NULL, 0, 0, NULL, 0,
     "check: compare with this checkpoint: tensors, and mattes of a picture", CK_IN_HELP},
    {'s', "size", CK_SIZE, AT(size), "N|WxH", NULL, 32, 16384, NULL, 0,
     "check --against: inference size, a multiple of 32 (default: the checkpoint's)", CK_IN_HELP},
    {'d', "device", CK_STRING, AT(device), "DEVICE", "auto", 0, 0, NULL, 0,
     "check --against: auto, cpu, cuda[:N] or ref", CK_IN_HELP},
    {0, "type", CK_CHOICE, AT(type), NULL, "keep", 0, 0, "keep|f32|f16|bf16", 0,
     "convert: type of floating-point tensors; keep: each its own", CK_IN_HELP},
    {0},
};

static ck_status check(const void *opts, ck_error *e)
{
    const ck_model_options *o = opts;
    if (!o->against && (o->size.w || strcmp(o->device, "auto") != 0))
        return ck_fail(e, CK_ERR_ARGUMENT, "--%s needs --against: see ck-model --help", o->size.w ? "size" : "device");
    if (o->size.h % 32 || o->size.w % 32)
        return ck_fail(e, CK_ERR_ARGUMENT, "--size %dx%d: use multiples of 32", o->size.w, o->size.h);
    return CK_OK;
}

const ck_program ck_model_program = {
    .name = "ck-model",
    .summary = "list, check, compare and convert checkpoints",
    .usage = "list|check|convert MODEL [FILE]...",
    .options = rows,
    .options_size = sizeof(ck_model_options),
    .without = "threads keep-going timeout ring-bytes",
    .examples = "ck-model list CorridorKey.pth\n"
                "ck-model check --strict CorridorKey.pth\n"
                "ck-model check --against CorridorKey.pth -s 512 mine.pth plate.png hint.png\n"
                "ck-model convert CorridorKey.pth CorridorKey.safetensors\n"
                "ck-model convert --type f16 CorridorKey.pth half.safetensors",
    .check = check,
};
