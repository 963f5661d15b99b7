/* The network against the goldens, tensor by tensor. */
#include "net_golden.h"

static const char *const quick[] = {"net_mini_256.safetensors", "net_mini_512.safetensors",
                                    "net_mini_256_pos512.safetensors", "net_mini_384x256_pos256.safetensors",
                                    "net_base_plus_256.safetensors"};

int main(int argc, char **argv)
{
    if (argc > 2) {
        for (int i = 2; i < argc; i++)
            net_golden(argv[1], argv[i]);
        return done_testing();
    }
    for (size_t i = 0; i < sizeof quick / sizeof *quick; i++)
        net_golden("cpu", quick[i]);
    for (size_t i = 0; i < sizeof quick / sizeof *quick; i++)
        net_golden("ref", quick[i]);
    ck_pool_trim();
    return done_testing();
}
