/* Option rows shared by ck-infer and ck-refine, so that `ck key` can pass one option to both. */
#ifndef CK_GREENFORMER_OPTIONS_H
#define CK_GREENFORMER_OPTIONS_H

#include "base/option.h"
#include "greenformer/finals.h"
#include "stream/depth.h"

typedef struct ck_network_request {
    const char *model; /* NULL: search, see ck_checkpoint_find */
    int heads;         /* 0: as stated by the checkpoint */
    const char *device;
    int precision; /* a ck_nn_precision */
    bool blue_as_green, time_layers;
} ck_network_request;

/* clang-format off */
/* T: the program's struct, which has a ck_network_request `network`. */
#define CK_NETWORK_ROWS(T) \
    {'m', "model", CK_STRING, offsetof(T, network.model), "FILE", NULL, 0, 0, NULL, 0, \
     "checkpoint (default: $CK_MODEL, else see ck(7))", CK_IN_KEY}, \
    {0, "heads", CK_INT, offsetof(T, network.heads), "N", NULL, 1, 64, NULL, 0, \
     "attention heads of the first stage, if the checkpoint does not say", CK_IN_ALL}, \
    {'d', "device", CK_STRING, offsetof(T, network.device), "DEVICE", "auto", 0, 0, NULL, 0, \
     "auto, cpu, cuda[:N[,N...]] or ref", CK_IN_KEY | CK_KIND_ONLY}, \
    {0, "precision", CK_CHOICE, offsetof(T, network.precision), NULL, "auto", 0, 0, "f32|tf32|f16|bf16|auto", 0, \
     "operand type of matrix products; auto: f16 on CUDA, f32 on CPU", CK_IN_ALL}, \
    {0, "blue-as-green", CK_FLAG, offsetof(T, network.blue_as_green), NULL, NULL, 0, 0, NULL, 0, \
     "swap green and blue around the network, for checkpoints trained on green screens only", CK_IN_ALL}, \
    {0, "time-layers", CK_FLAG, offsetof(T, network.time_layers), NULL, NULL, 0, 0, NULL, 0, \
     "print the time of each layer (no CUDA graph, one sync per step)", CK_IN_ALL | CK_RUN_ONLY}

/* T has a ck_finals_options `finals`. */
#define CK_FINALS_ROWS(T) \
    {0, "refiner-scale", CK_FLOAT, offsetof(T, finals.scale), "X", "1", 0, 16, NULL, 0, \
     "strength of the refiner's corrections; 0: coarse matte", CK_IN_ALL}, \
    {0, "native", CK_FLAG, offsetof(T, finals.native), NULL, NULL, 0, 0, NULL, 0, \
     "leave matte and foreground at inference size", CK_IN_ALL}, \
    {0, "detail", CK_FLAG, offsetof(T, finals.detail), NULL, NULL, 0, 0, NULL, 0, \
     "restore detail lost at inference size from the key", CK_IN_HELP}, \
    CK_DEPTH_ROW(T, finals.depth)
/* clang-format on */

#endif
