# Goals for a GPU host: the backend, its tests and its bench, with only the CUDA toolkit and a C compiler.  The Makefile
# passes these goals on; in the folder that gpu-pack makes this file is the Makefile.
#
#   make check-cuda       every operation against ref, the network's goldens, a sanitizer; skipped without a GPU
#   make bench-cuda       times, ours and PyTorch's
#   make gpu-session      all of it on a GPU, with a time limit per part, results in $OUT
#   make gpu-pack         build/ck-gpu.tar.gz for such a host (needs the full build, to decode pictures)

CC ?= gcc
BUILD ?= build
G := $(BUILD)/gpu
CFLAGS ?= -O3 -g
include cuda.mk
GOLDENS ?= $(firstword $(CK_GOLDENS) $(wildcard golden) $(wildcard shared/golden) $(wildcard ../shared/golden))

ifeq ($(NVCC),)
check-cuda bench-cuda gpu-build:
	@echo "skipped: no nvcc, so no CUDA backend"
else

FLAGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -ffp-contract=off -fno-math-errno -MMD -MP -Ilib -Icmd
LIB_SRC := $(wildcard lib/base/*.c lib/stream/*.c lib/checkpoint/*.c lib/greenformer/*.c lib/image/*.c lib/key/*.c lib/nn/*.c lib/nn/ref/*.c) \
    tests/bare/bare.c
PLUGIN := $(G)/libck-cuda.so
TESTS := nn_maps_test nn_products_test nn_kernels_test nn_check_test network_test refine_test frames_test
HELPERS := cudadevice mkmodel mkstream goldrun
PROGRAMS := $(TESTS:%=$(G)/tests/%) $(HELPERS:%=$(G)/tests/helpers/%) $(G)/bench/net_bench

$(G)/libck.a: $(LIB_SRC:%.c=$(G)/%.o)
	@rm -f $@
	$(AR) rcs $@ $^
$(G)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CFLAGS) -c -o $@ $<
$(PROGRAMS): %: %.o $(G)/libck.a
	$(CC) $(CFLAGS) -o $@ $^ -ldl -lm -lpthread
$(G)/bin/%: $(G)/libck.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $(filter %.o,$^) $(G)/libck.a -ldl -lm -lpthread
$(G)/bin/ck-infer: $(patsubst %.c,$(G)/%.o,$(wildcard cmd/ck-infer/*.c cmd/shared/*.c))
$(G)/bin/ck-refine: $(patsubst %.c,$(G)/%.o,$(wildcard cmd/ck-refine/*.c cmd/shared/*.c))
BENCHED := $(G)/bin/ck-infer $(G)/bin/ck-refine $(G)/bench/device_rates

$(G)/cuda/%.cu.o: %.cu
	@mkdir -p $(@D)
	$(NVCC) $(NVCC_FLAGS) -MD -MF $(@:.o=.d) -c -o $@ $<
$(G)/cuda/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CFLAGS) $(CUDA_CFLAGS) -c -o $@ $<
$(PLUGIN): $(CUDA_C:%.c=$(G)/cuda/%.o) $(CUDA_CU:%=$(G)/cuda/%.o)
	$(CC) -shared $(CFLAGS) -o $@ $^ $(CUDA_LINK)

$(G)/bench/device_rates: $(G)/cuda/bench/cuda/device_rates.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(CUDA_LINK)

gpu-build: $(PROGRAMS) $(BENCHED) $(PLUGIN)
check-cuda: $(PROGRAMS) $(PLUGIN)
	@CK_LIB=$(abspath $(G)) CK_GOLDENS=$(abspath $(GOLDENS)) CUDA_HOME=$(CUDA_HOME) bash tests/gpu.sh $(abspath $(G)/tests)

bench-cuda: gpu-build
	@CK_LIB=$(abspath $(G)) CK_GOLDENS=$(abspath $(GOLDENS)) bash bench/gpu.sh $(abspath $(G))
endif

gpu-session:
	@bash bench/gpu_session.sh

# Goldens of every size; their pictures are packed as streams of decoded frames.
PACKED := net_mini_256 net_base_plus_256 net_base_plus_512 net_base_plus_1024 net_base_plus_2048
PICTURES := net_base_plus_1024 net_base_plus_2048
P := $(BUILD)/ck-gpu
gpu-pack:
	@test -n "$(GOLDENS)" || { echo "gpu-pack: no goldens: name their folder in CK_GOLDENS" >&2; exit 1; }
	rm -rf $(P)
	mkdir -p $(P)/golden
	cp -r --parents lib cmd/ck-infer cmd/ck-refine cmd/shared tests/*.h tests/*_test.c tests/bare tests/gpu.sh tests/helpers bench cuda.mk LICENSE $(P)
	cp gpu.mk $(P)/Makefile
	cp $(PACKED:%=$(GOLDENS)/%.safetensors) $(P)/golden
	for p in $(PICTURES); do \
	    $(BUILD)/helpers/pngstream $(GOLDENS)/$${p}_plate.png rgb >$(P)/golden/$${p}_plate.ck && \
	    $(BUILD)/helpers/pngstream $(GOLDENS)/$${p}_hint.png hint >$(P)/golden/$${p}_hint.ck || exit 1; done
	tar -C $(BUILD) -czf $(BUILD)/ck-gpu.tar.gz ck-gpu
	@ls -l $(BUILD)/ck-gpu.tar.gz | awk '{ print $$9 ": " $$5 " bytes"; exit $$5 > 50 * 1048576 }'

.PHONY: check-cuda bench-cuda gpu-build gpu-session gpu-pack
.SECONDARY:
-include $(shell find $(G) -name '*.d' 2>/dev/null)
