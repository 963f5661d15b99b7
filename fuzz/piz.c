/* Fuzz target: PIZ chunks of OpenEXR. */
#include "targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    return fuzz_piz(data, n);
}
