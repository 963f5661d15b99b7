/* cudadevice: describe the first CUDA device; status 1 and the reason on stderr if it cannot be used. */
#include <stdio.h>

#include "nn/nn.h"

int main(void)
{
    char text[256];
    ck_error e = {"there is no device"};
    if (ck_nn_describe_cuda(0, text, sizeof text, &e) != CK_OK) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    puts(text);
    return 0;
}
