# How the CUDA backend is compiled and linked: for the Makefile and for gpu.mk, which also works without it.
, := ,
NVCC ?= $(firstword $(shell command -v nvcc) $(wildcard /usr/local/cuda/bin/nvcc))
# Where nvcc lies or, if that is a link from elsewhere, where it comes from.
CUDA_HOME ?= $(patsubst %/include/cuda_runtime_api.h,%,$(firstword \
    $(wildcard $(patsubst %/bin/nvcc,%/include/cuda_runtime_api.h,$(NVCC) $(realpath $(NVCC))))))
CUDA_ARCHS ?= 80 86 89 90
CUDA_C := $(wildcard lib/nn/cuda/*.c) lib/base/status.c lib/base/mem.c
CUDA_CU := $(wildcard lib/nn/cuda/*.cu)

# Machine code for each architecture, PTX of the last for those to come.
NVCC_FLAGS := -std=c++17 -O3 -fmad=false --threads 2 -Ilib \
    -Xcompiler -fPIC,-fvisibility=hidden,-fno-exceptions,-fno-threadsafe-statics,-Wall,-Wextra \
    $(foreach a,$(CUDA_ARCHS),-gencode arch=compute_$(a),code=sm_$(a)) \
    -gencode arch=compute_$(lastword $(CUDA_ARCHS)),code=compute_$(lastword $(CUDA_ARCHS))
CUDA_CFLAGS := -fPIC -fvisibility=hidden -isystem $(CUDA_HOME)/include
# A folder with cuBLAS's include and lib, where the toolkit has none: such as PyTorch's packages bring.
CUBLAS ?=
NVCC_FLAGS += $(CUBLAS:%=-I%/include)
CUDA_CFLAGS += $(CUBLAS:%=-isystem %/include)
CUBLAS_LINK := $(if $(CUBLAS),-L$(CUBLAS)/lib -Wl$(,)-rpath$(,)$(CUBLAS)/lib \
    -l:$(notdir $(firstword $(wildcard $(CUBLAS)/lib/libcublasLt.so*))),-lcublasLt)
CUDA_LINK := -L$(CUDA_HOME)/lib64 -Wl,-rpath,$(CUDA_HOME)/lib64 -lcudart $(CUBLAS_LINK) -lm -Wl,-z,defs
