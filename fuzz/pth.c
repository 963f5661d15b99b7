/* Fuzz target: checkpoints; its corpus has .pth files. */
#include "targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    return fuzz_weights(data, n);
}
