#include "ck-model/options.h"

#define AT(field) offsetof(ck_model_options, field)
static const ck_option rows[] = {
    {0, "heads", CK_INT, AT(heads), "N", NULL, 1, 256, NULL, 0,
     "check, convert: attention heads of the first stage, if the file does not say; convert records them", CK_IN_HELP},
    {0, "strict", CK_FLAG, AT(strict), NULL, NULL, 0, 0, NULL, 0,
     "check: fail on tensors that the network does not use", CK_IN_HELP},
    {0},
};

const ck_program ck_model_program = {
    .name = "ck-model",
    .summary = "list, check and convert checkpoints",
    .usage = "list|check MODEL, or convert MODEL OUT.safetensors",
    .options = rows,
    .options_size = sizeof(ck_model_options),
    .without = "threads keep-going timeout ring-bytes",
    .examples = "ck-model list CorridorKey.pth\n"
                "ck-model check --strict CorridorKey.pth\n"
                "ck-model convert CorridorKey.pth CorridorKey.safetensors",
};
