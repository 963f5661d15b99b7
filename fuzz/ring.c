/* Fuzz target: ck-ring(7), its records, references and control pages. */
#include "hostile_ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    fuzz_ring(data, n);
    return 0;
}
