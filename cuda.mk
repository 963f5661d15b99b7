# Compiling and linking of the CUDA backend, for the Makefile and for gpu.mk, which also works without the Makefile.
, := ,
NVCC ?= $(firstword $(shell command -v nvcc) $(wildcard /usr/local/cuda/bin/nvcc))
# Folder of nvcc; if nvcc is a link into another folder, that folder.
CUDA_HOME ?= $(patsubst %/include/cuda_runtime_api.h,%,$(firstword \
    $(wildcard $(patsubst %/bin/nvcc,%/include/cuda_runtime_api.h,$(NVCC) $(realpath $(NVCC))))))
# Ampere, Ada, Hopper and, if nvcc knows it, Blackwell.
ifeq ($(origin CUDA_ARCHS),undefined)
CUDA_ARCHS := 80 86 89 90 $(filter 100 120,$(patsubst compute_%,%,$(if $(NVCC),$(shell $(NVCC) --list-gpu-arch 2>/dev/null))))
endif
CUDA_C := $(wildcard lib/nn/cuda/*.c) lib/base/status.c lib/base/mem.c
CUDA_CU := $(wildcard lib/nn/cuda/*.cu)

# Machine code for each architecture, and PTX of the last one for future GPUs.
# -objtemp: names of temporary files, which objects contain, are the same in every build.
NVCC_FLAGS := -std=c++17 -O3 -fmad=false --threads 2 -objtemp -Ilib \
    -Xcompiler -fPIC,-fvisibility=hidden,-fno-exceptions,-fno-threadsafe-statics,-Wall,-Wextra \
    $(foreach a,$(CUDA_ARCHS),-gencode arch=compute_$(a),code=sm_$(a)) \
    -gencode arch=compute_$(lastword $(CUDA_ARCHS)),code=compute_$(lastword $(CUDA_ARCHS))
CUDA_CFLAGS := -fPIC -fvisibility=hidden -isystem $(CUDA_HOME)/include
# A folder with cuBLAS's include and lib, for toolkits without it; PyTorch's packages contain one.
CUBLAS ?=
NVCC_FLAGS += $(CUBLAS:%=-I%/include)
CUDA_CFLAGS += $(CUBLAS:%=-isystem %/include)
CUBLAS_LINK := $(if $(CUBLAS),-L$(CUBLAS)/lib -Wl$(,)-rpath$(,)$(CUBLAS)/lib \
    -l:$(notdir $(firstword $(wildcard $(CUBLAS)/lib/libcublasLt.so*))),-lcublasLt)
# The CUDA runtime is linked statically, as by nvcc: cuBLAS is the only library of the toolkit that users need.
CUDA_LINK := $(if $(filter-out /usr,$(CUDA_HOME)),-L$(CUDA_HOME)/lib64 -Wl$(,)-rpath$(,)$(CUDA_HOME)/lib64) \
    -lcudart_static -Wl,--exclude-libs,libcudart_static.a $(CUBLAS_LINK) -lm -ldl -lrt -lpthread -Wl,-z,defs
