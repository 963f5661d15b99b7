/* Fuzz target: ck-frame(5). */
#include "targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    return fuzz_stream(data, n);
}
