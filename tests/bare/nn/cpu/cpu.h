/* In place of the cpu backend's own header where there is no oneDNN: what its tests look into. */
#ifndef CK_NN_CPU_CPU_H
#define CK_NN_CPU_CPU_H

#include "nn/cpu/kernel.h"
#include "nn/nn.h"

typedef struct cpu_device {
    ck_nn base;
    const cpu_kernels *kernels;
} cpu_device;

#endif
