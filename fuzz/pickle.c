/* Fuzz target: the pickle of a .pth. */
#include "targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    return fuzz_pickle(data, n);
}
