# ck: build, test, install.  GNU make, a C11 compiler, pkg-config.
#
#   make                  programs into bin/
#   make check            all tests (needs the tools that setup.sh installs)
#   make check-asan       the same under AddressSanitizer and UBSan
#   make format           clang-format 14 over all sources
#   make format-check lint    clang-format, clang-tidy, shellcheck and mypy; each is skipped if it is missing
#   make check-debians    the README's two commands in bare Debian 12 and 13 (needs root and debootstrap)
#   make check-packages   make deb there, and the packages installed, used and removed
#   make check-long       tests that take longer than CI allows
#   make fuzz             libFuzzer on every reader of untrusted input, FUZZ_SECONDS each (needs clang)
#   make fuzz-files       mutated pictures and videos through ck-decode, FUZZ_SECONDS (needs ffmpeg, oiiotool, python3)
#   make check-cuda       tests of the CUDA backend on a GPU; make bench-cuda: its times; make gpu-session: both,
#                         with time limits; make gpu-pack: an archive of them for a bare host (gpu.mk)
#   make bench            speed against the bare library calls
#   make bench-peers      the network on the CPU beside OpenVINO, ONNX Runtime and PyTorch, which pip installs (6 GB);
#                         PEERS="--sizes 512,1024 --rounds 3" (bench/peers.py)
#   make parity MODEL=FILE    the network beside PyTorch on your own checkpoint; PLATE=FILE HINT=FILE SIZES=512,1024
#   make bench-refine MODEL=FILE CLIP=FILE    ck-refine's modes: errors, time, memory
#   make quality          the classical key, ffmpeg's and a fixed one on shots with a known truth; MODEL=FILE adds a network
#   make quality SET=DIR  the classical key, or the network with MODEL=FILE, on real subjects with a known matte
#   make CUDA=0           without libck-cuda.so, which is built if nvcc is found (CUDA_ARCHS: for these GPUs)
#   make OCIO=0           without libck-ocio.so, which is built if a C++ compiler and OpenColorIO are found
#   make install PREFIX=/usr/local DESTDIR=; make uninstall with the same two
#   make deb              Debian packages into build/deb (needs what setup.sh installs, debhelper and dh-python)
#   make dist             a source archive

.DEFAULT_GOAL := all

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
DESTDIR ?=
CC ?= gcc
BUILD ?= build
BIN ?= bin

# Neither reassociation nor contraction: results must be bit-exact.
CFLAGS ?= -O3 -g
WERROR ?= $(if $(CI),-Werror)
WARNINGS := -Wall -Werror=implicit-function-declaration -Wextra -Wconversion -Wsign-conversion -Wshadow -Wcast-qual -Wdouble-promotion -Wvla -Wstrict-prototypes
# Of FFmpeg, lib/io/av_load.c loads libavformat, libavfilter and libavcodec at run time.
PKGS_AV := libswscale libavutil
PKG_CFLAGS := $(shell pkg-config --cflags libavformat libavfilter libavcodec $(PKGS_AV) OpenEXR libpng libtiff-4)
CK_CFLAGS := -std=c11 -D_GNU_SOURCE $(WARNINGS) $(WERROR) -ffp-contract=off -fno-math-errno -MMD -MP -Ilib -Icmd \
             $(PKG_CFLAGS) $(CPPFLAGS) $(SAN)
# All programs are linked with all libraries; --as-needed keeps only those used.
LIBS := -Wl,--as-needed $(shell pkg-config --libs $(PKGS_AV) libpng libtiff-4 libdeflate) -lOpenEXRCore -lOpenEXR -lIex -lImath -lz \
        -ldnnl -lgomp -lstdc++ -lm -lpthread

# cmd/shared is no program: it holds messages and choices of several.
PROGRAMS := $(filter-out shared,$(notdir $(patsubst %/,%,$(wildcard cmd/*/))))
LIB_SRC := $(filter-out lib/nn/cuda/%,$(wildcard lib/*/*.c lib/*/*/*.c))
# C++ around libOpenEXR, with C interfaces; the fuzzers' short list of sources has none.
LIB_CXX_SRC := $(if $(filter lib/io/%.c,$(LIB_SRC)),$(wildcard lib/io/*.cc))
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o) $(LIB_CXX_SRC:%.cc=$(BUILD)/%.o)
LIBCK := $(BUILD)/libck.a
SHARED := $(BUILD)/libshared.a
OPTION_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard cmd/*/options.c))
TEST_C := $(wildcard tests/*_test.c)
TEST_BIN := $(TEST_C:tests/%.c=$(BUILD)/tests/%)
TEST_T := $(sort $(wildcard tests/*.t))
TEST_LONG := $(sort $(wildcard tests/long/*.t))
HELPER_BIN := $(patsubst tests/helpers/%.c,$(BUILD)/helpers/%,$(wildcard tests/helpers/*.c))
BENCH_CXX := $(wildcard bench/*.cc)
BENCH_BIN := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c)) $(BENCH_CXX:bench/%.cc=$(BUILD)/bench/%)

# The plug-in for GPUs.
CUDA ?= 1
include cuda.mk
CUDA_PLUGIN := $(if $(filter-out 0,$(CUDA)),$(if $(NVCC),$(BIN)/libck-cuda.so))

# The plug-in for OpenColorIO.
OCIO ?= 1
OCIO_FOUND := $(if $(filter-out 0,$(OCIO)),$(if $(shell command -v $(CXX)),$(shell pkg-config --exists 'OpenColorIO >= 2.1' && echo yes)))
OCIO_PLUGIN := $(if $(OCIO_FOUND),$(BIN)/libck-ocio.so)
PLUGINS := $(CUDA_PLUGIN) $(OCIO_PLUGIN)

include ckeyer.mk

all: $(PROGRAMS:%=$(BIN)/%) $(PLUGINS) $(CKEYER)

$(LIBCK): $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(SHARED): $(patsubst %.c,$(BUILD)/%.o,$(wildcard cmd/shared/*.c))
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CK_CFLAGS) $(CFLAGS) -c -o $@ $<

# -isystem: the headers of OpenEXR do not pass -Wshadow.
LIB_CXXFLAGS = -std=c++17 -Wall -Wextra -Wshadow $(WERROR) -MMD -MP -Ilib $(patsubst -I%,-isystem %,$(shell pkg-config --cflags OpenEXR)) $(CPPFLAGS) $(SAN)
$(LIB_CXX_SRC:%.cc=$(BUILD)/%.o): $(BUILD)/%.o: %.cc
	@mkdir -p $(@D)
	$(CXX) $(LIB_CXXFLAGS) $(CFLAGS) -c -o $@ $<

# A program is the objects of its folder; the front end also links every option table.
define PROGRAM
$(BIN)/$(1): $(patsubst %.c,$(BUILD)/%.o,$(wildcard cmd/$(1)/*.c)) $(if $(filter ck,$(1)),$(OPTION_OBJ)) $(SHARED) $(LIBCK)
	@mkdir -p $$(@D)
	$$(CC) $$(SAN) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) $(SHARED) $(LIBCK) $$(LIBS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call PROGRAM,$(p))))

# Objects of a program that a test needs.
$(BUILD)/tests/synth_test $(BUILD)/tests/key_test: $(patsubst %,$(BUILD)/cmd/ck-synth/%.o,synth synth_canvas)
$(BUILD)/tests/meaning_test: $(OPTION_OBJ) $(BUILD)/cmd/shared/naming.o
$(BUILD)/tests/space_test: $(patsubst %,$(BUILD)/cmd/%.o,$(addprefix ck-encode/,space siblings options video colours \
    outputs outputs_plan outputs_share outputs_name) shared/scene shared/naming)
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(LIBCK)
	@mkdir -p $(@D)
	$(CC) $(SAN) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBCK) $(LIBS)
$(BUILD)/helpers/%: $(BUILD)/tests/helpers/%.o $(LIBCK)
	@mkdir -p $(@D)
	$(CC) $(SAN) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BENCH_CXX:bench/%.cc=$(BUILD)/bench/%): $(BUILD)/bench/%: bench/%.cc
	@mkdir -p $(@D)
	$(CXX) $(LIB_CXXFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< -lOpenEXR -lIex -lIlmThread -lImath
# decode_bench and encode_bench also call FFmpeg themselves.
$(BUILD)/bench/%: $(BUILD)/bench/%.o $(LIBCK)
	@mkdir -p $(@D)
	$(CC) $(SAN) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(shell pkg-config --libs libavformat libavcodec)

$(BUILD)/cuda/%.cu.o: %.cu
	@mkdir -p $(@D)
	$(NVCC) $(NVCC_FLAGS) -MD -MF $(@:.o=.d) -c -o $@ $<
$(BUILD)/cuda/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CK_CFLAGS) $(CFLAGS) $(CUDA_CFLAGS) -c -o $@ $<
# The linker makes it executable, but started as a program it crashes.
$(BIN)/libck-cuda.so: $(CUDA_C:%.c=$(BUILD)/cuda/%.o) $(CUDA_CU:%=$(BUILD)/cuda/%.o)
	@mkdir -p $(@D)
	$(CC) -shared $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CUDA_LINK)
	@chmod a-x $@

OCIO_CXXFLAGS = -std=c++17 -fPIC -fvisibility=hidden -Wall -Wextra -Wshadow $(WERROR) -MMD -MP -Ilib \
    $(shell pkg-config --cflags OpenColorIO) $(CPPFLAGS) $(SAN)
$(BUILD)/ocio/plugin.o: lib/ocio/plugin.cc
	@mkdir -p $(@D)
	$(CXX) $(OCIO_CXXFLAGS) $(CFLAGS) -c -o $@ $<
# The list of exports also hides what templates of the standard library would export.
$(BIN)/libck-ocio.so: $(BUILD)/ocio/plugin.o lib/ocio/plugin.exports
	@mkdir -p $(@D)
	$(CXX) -shared $(SAN) $(CFLAGS) $(LDFLAGS) -Wl,--version-script=lib/ocio/plugin.exports -o $@ $< \
	    $(shell pkg-config --libs OpenColorIO)
	@chmod a-x $@

# The CUDA sources compiled for the CPU, for tests; tests/cuda_host replaces CUDA.  Needs a C++ compiler.
HOST_CUDA := $(if $(shell command -v $(CXX)),$(BUILD)/cuda_host/libck-cuda.so)
HOST_CUDA_SRC := $(CUDA_C) $(CUDA_CU) tests/cuda_host/runtime.c tests/cuda_host/threads.cc tests/cuda_host/queue.cc
HOST_CUDA_CFLAGS = $(CFLAGS) -fPIC -fvisibility=hidden -Itests/cuda_host
HOST_CUDA_CXXFLAGS = -std=c++17 -fno-strict-aliasing -Wall -Wextra $(WERROR) -ffp-contract=off -fno-math-errno -MMD -MP -Ilib $(SAN) \
    $(HOST_CUDA_CFLAGS) -march=native -include tests/cuda_host/cuda_runtime.h
$(BUILD)/cuda_host/%.c.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CK_CFLAGS) $(HOST_CUDA_CFLAGS) -c -o $@ $<
$(BUILD)/cuda_host/%.o: %
	@mkdir -p $(@D)
	$(CXX) $(HOST_CUDA_CXXFLAGS) -x c++ -c -o $@ $<
$(BUILD)/cuda_host/libck-cuda.so: $(HOST_CUDA_SRC:%=$(BUILD)/cuda_host/%.o)
	$(CXX) -shared $(SAN) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lm

# device_rates on the CPU, for the test of bench-cuda's scripts.
$(BUILD)/cuda_host/device_rates: $(patsubst %,$(BUILD)/cuda_host/%.o,bench/cuda/device_rates.c \
    $(filter tests/cuda_host/%,$(HOST_CUDA_SRC)))
	$(CXX) $(SAN) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lm

libs:
	@echo '$(LIBS)'

# Everything else is built too, so that it keeps compiling.
REPLAY_BIN := $(patsubst fuzz/%.c,$(BUILD)/fuzz-replay/%,$(wildcard fuzz/*.c))
$(BUILD)/fuzz-replay/%: $(BUILD)/fuzz/%.o $(BUILD)/fuzz/replay/replay.o $(LIBCK)
	@mkdir -p $(@D)
	$(CC) $(SAN) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

test-build: all $(TEST_BIN) $(HELPER_BIN) $(BENCH_BIN) $(REPLAY_BIN) $(HOST_CUDA) $(HOST_CUDA:%/libck-cuda.so=%/device_rates)

# One more than the two cores that CI has: some files wait more than they compute.
PROVE = CK_BIN=$(abspath $(BIN)) CK_HELPERS=$(abspath $(BUILD)/helpers) CK_TESTS=$(abspath $(BUILD)/tests) \
    CK_CUDA_HOST_LIB=$(if $(HOST_CUDA),$(abspath $(BUILD)/cuda_host)) CK_LIBS="$(LIBS)" CK_CC="$(CC) $(CK_CFLAGS)" prove -j3 --exec ''
check: test-build
	$(PROVE) $(TEST_BIN) $(TEST_T)

check-long: test-build
	$(PROVE) $(TEST_LONG)

# Only this version's format counts: others break lines differently.
CLANG_FORMAT ?= $(or $(shell command -v clang-format-14),$(shell command -v clang-format))
FORMATTED = $(shell find lib cmd tests fuzz bench -name '*.[ch]') lib/ocio/plugin.cc $(wildcard lib/io/*.cc) $(BENCH_CXX)
FORMAT_VERSION = $(if $(CLANG_FORMAT),$(shell $(CLANG_FORMAT) --version 2>/dev/null | grep -o 'version 14\.'))
format-check:
	$(if $(FORMAT_VERSION),@$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED),@echo "format-check: skipped, no clang-format 14")
format:
	$(if $(FORMAT_VERSION),,$(error clang-format 14 is needed))$(CLANG_FORMAT) -i $(FORMATTED)

# Checks are listed in .clang-tidy and .shellcheckrc; mypy's are those of --strict.  tests/cuda_host replaces CUDA's headers; libomp-dev has clang's
# omp.h.
LINT_FLAGS = -std=c11 -D_GNU_SOURCE -Ilib -Icmd -Itests/cuda_host $(PKG_CFLAGS)
SHELL_SCRIPTS = setup.sh .ci/run contrib/slurm/ck-sbatch $(wildcard bench/*.sh tests/*.sh) $(shell grep -lE '^\#!/bin/(ba)?sh' $(TEST_T) $(TEST_LONG))
# The packages that examples import need not be installed, and not all of them have types.
MYPY_FLAGS = --strict --ignore-missing-imports --no-warn-unused-ignores --cache-dir=$(BUILD)/mypy
lint:
	@if command -v clang-tidy >/dev/null; then find lib cmd -name '*.c' | xargs -n 8 -P "$$(nproc)" \
	    sh -c 'clang-tidy --quiet "$$@" -- $(LINT_FLAGS) 2>/dev/null' clang-tidy; \
	else echo "lint: C skipped, no clang-tidy"; fi
	@if command -v shellcheck >/dev/null; then shellcheck --severity warning $(SHELL_SCRIPTS); \
	else echo "lint: scripts skipped, no shellcheck"; fi
	@if command -v mypy >/dev/null; then MYPYPATH=contrib/python mypy $(MYPY_FLAGS) contrib/python/ckeyer examples/*.py; \
	else echo "lint: Python skipped, no mypy"; fi

# CUDA=0: GPU code cannot be instrumented; the tests run it on the CPU instead.
ASAN_FLAGS = BUILD=build/asan BIN=build/asan/bin CUDA=0 CFLAGS="-O1 -g -fno-omit-frame-pointer" \
    SAN="-fsanitize=address,undefined -fno-sanitize-recover=all"
check-asan:
	ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:allocator_may_return_null=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0 \
	$(MAKE) check $(ASAN_FLAGS) CK_ASAN=1

# The README's two commands in bare Debian 12 and 13, from a clean clone.  Needs root and debootstrap.
check-debians:
	bash tests/debians.sh 12 13

# Debian packages built, installed, used and removed in bare Debian 12 and 13.
check-packages:
	bash tests/packages.sh 12 13

# Findings go to build/fuzz/NAME.found, with the input that caused them.
FUZZ_SECONDS ?= 600
FUZZ_SAN := address,undefined
FUZZ_SRC := $(wildcard lib/base/*.c lib/stream/*.c lib/checkpoint/*.c lib/greenformer/*.c) lib/image/convert.c \
    $(addprefix lib/io/exr_,piz.c piz_encode.c huffman.c huffman_encode.c wavelet.c)
FUZZ_FLAGS = BUILD=build/fuzz CC=clang CFLAGS="-O1 -g -fno-omit-frame-pointer" LIB_SRC="$(FUZZ_SRC)" LIB_CXX_SRC= \
    SAN="-fsanitize=$(FUZZ_SAN) -fsanitize=fuzzer-no-link -fno-sanitize-recover=all"
FUZZ_TARGETS := $(basename $(notdir $(wildcard fuzz/*.c)))
$(BUILD)/fuzz/%.run: $(BUILD)/fuzz/%.o $(LIBCK)
	$(CC) $(SAN) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LIBS)

fuzz-build:
	$(MAKE) $(FUZZ_FLAGS) $(FUZZ_TARGETS:%=build/fuzz/fuzz/%.run)

# A size in a header may ask for any amount of memory: allocations above 512 MiB fail.
fuzz: fuzz-build
	for t in $(FUZZ_TARGETS); do mkdir -p build/fuzz/$$t.found && \
	ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=512 \
	build/fuzz/fuzz/$$t.run -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=4096 -malloc_limit_mb=1048576 \
	    -max_len=8192 -print_final_stats=1 -artifact_prefix=build/fuzz/$$t.found/broken- \
	    build/fuzz/$$t.found tests/corpus/$$t || exit 1; done

# Findings go to build/fuzz/files.found.  FUZZ_SEED: seed of the random numbers.
FUZZ_SEED ?= 1
fuzz-files:
	$(MAKE) all $(ASAN_FLAGS)
	python3 fuzz/files.py --bin build/asan/bin --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED) --found build/fuzz/files.found

bench: all $(BENCH_BIN) $(HELPER_BIN)
	CK_BIN=$(abspath $(BIN)) CK_BENCH=$(abspath $(BUILD)/bench) CK_HELPERS=$(abspath $(BUILD)/helpers) bash bench/run.sh

# The newest versions, which the table names.
PEERS_VENV = $(BUILD)/peers-venv
$(PEERS_VENV)/made:
	python3 -m venv $(PEERS_VENV)
	$(PEERS_VENV)/bin/pip install --quiet numpy openvino onnxruntime onnx onnxscript torch
	touch $@
bench-peers: all $(BUILD)/bench/peers_ck $(BUILD)/helpers/mkmodel $(PEERS_VENV)/made
	@CK_BIN=$(abspath $(BIN)) CK_BENCH=$(abspath $(BUILD)/bench) CK_HELPERS=$(abspath $(BUILD)/helpers) \
	$(PEERS_VENV)/bin/python bench/peers.py $(PEERS)

# PyTorch is that of PYTHON, of bench-peers, or else installed (pip, several GB).
PYTHON ?= python3
SIZES ?= 512,1024,2048
PARITY_VENV = $(BUILD)/parity-venv
PARITY_PYTHON = $(firstword $(foreach p,$(PYTHON) $(PEERS_VENV)/bin/python,$(shell $(p) -c 'import torch, numpy' 2>/dev/null && echo $(p))) \
    $(PARITY_VENV)/bin/python)
$(PARITY_VENV)/made:
	python3 -m venv $(PARITY_VENV)
	$(PARITY_VENV)/bin/pip install --quiet numpy torch
	touch $@
parity: all $(BUILD)/bench/parity_ck
	@test -n "$(MODEL)" || { echo "parity: name a checkpoint: make parity MODEL=FILE" >&2; exit 2; }
	@python=$(PARITY_PYTHON); case $$python in $(PARITY_VENV)/*) $(MAKE) --no-print-directory $(PARITY_VENV)/made >&2 || exit 1;; esac; \
	CK_BIN=$(abspath $(BIN)) CK_BENCH=$(abspath $(BUILD)/bench) CK_LIB=$${CK_LIB-$(abspath $(BIN))} $$python bench/parity.py \
	    --sizes $(SIZES) $(if $(PLATE),--plate "$(PLATE)") $(if $(HINT),--hint "$(HINT)") "$(MODEL)"

# In gpu.mk, which also works without this Makefile.
check-cuda bench-cuda gpu-build gpu-session:
	@$(MAKE) --no-print-directory -f gpu.mk $@ BUILD=$(BUILD)
gpu-pack: test-build
	$(MAKE) --no-print-directory -f gpu.mk $@ BUILD=$(BUILD)

# Remake bench/results/refine.md; bench/refine.sh explains MODEL, CLIP, SIZE and EVERY.
bench-refine: all $(BENCH_BIN) $(HELPER_BIN)
	@CK_BIN=$(abspath $(BIN)) CK_BENCH=$(abspath $(BUILD)/bench) CK_HELPERS=$(abspath $(BUILD)/helpers) \
	MODEL=$(MODEL) CLIP=$(CLIP) SIZE=$(SIZE) EVERY=$(EVERY) bash bench/refine.sh

# SCENES: folder of synth_scene.py.  SET: a folder of real subjects instead.  Empty MODEL: no network.
SCENES ?= $(or $(CK_SCENES),../shared/tools)
QUALITY_SCENES = quality.py --scenes $(SCENES) $(if $(MODEL),--model $(MODEL))
QUALITY_SET = key_set.py "$(SET)" $(if $(MODEL),--program "ck key -m $(MODEL)")
quality: all
	@CK_BIN=$(abspath $(BIN)) python3 bench/$(if $(SET),$(QUALITY_SET),$(QUALITY_SCENES)) $(QUALITY_FLAGS)

# Installed in two steps, so that `uninstall` knows the files: into an empty folder, then from there, with the list.
# STRIP= keeps the symbols.
STRIP ?= -s
STAGE := $(BUILD)/stage
AT = $(STAGE)$(PREFIX)
DOC = $(AT)/share/doc/ckeyer
FILES = share/ckeyer/files
BASH_COMPLETION = $(AT)/share/bash-completion/completions
ZSH_COMPLETION = $(AT)/share/zsh/site-functions
FISH_COMPLETION = $(AT)/share/fish/vendor_completions.d
stage: all
	rm -rf $(STAGE)
	install -d $(AT)/bin $(AT)/share/man/man1 $(AT)/share/man/man5 $(AT)/share/man/man7 $(AT)/share/ckeyer $(DOC)
	install $(STRIP) -m 755 $(PROGRAMS:%=$(BIN)/%) $(AT)/bin
	$(if $(strip $(PLUGINS)),install -d $(AT)/lib/ck && install $(STRIP) -m 644 $(PLUGINS) $(AT)/lib/ck)
	for s in 1 5 7; do install -m 644 man/*.$$s $(AT)/share/man/man$$s || exit 1; done
	install -m 644 README.md LICENSE NEWS.md MODEL.md $(DOC)
	cp -R examples contrib $(DOC)
	find $(DOC) -name __pycache__ -prune -exec rm -r {} +
	install -d $(BASH_COMPLETION) $(ZSH_COMPLETION) $(FISH_COMPLETION)
	$(BIN)/ck completion bash >$(BASH_COMPLETION)/ck
	$(BIN)/ck completion zsh >$(ZSH_COMPLETION)/_ck
	$(BIN)/ck completion fish >$(FISH_COMPLETION)/ck.fish
	for p in $(filter-out ck,$(PROGRAMS)); do ln -s ck $(BASH_COMPLETION)/$$p; ln -s ck.fish $(FISH_COMPLETION)/$$p.fish; done
	$(MAKE) --no-print-directory install-ckeyer DESTDIR=$(STAGE)
	cd $(STAGE) && find . -type f -o -type l | LC_ALL=C sort >.$(PREFIX)/$(FILES)

# Existing folders keep their owner and mode.
install: stage
	install -d $(DESTDIR)/
	tar -C $(STAGE) -cf - . | tar -C $(DESTDIR)/ -xf - --no-same-owner --no-overwrite-dir

uninstall:
	@test -f $(DESTDIR)$(PREFIX)/$(FILES) || { echo "no $(DESTDIR)$(PREFIX)/$(FILES): not installed there by make install" >&2; exit 1; }
	cd $(DESTDIR)/ && tr '\n' '\0' <.$(PREFIX)/$(FILES) | xargs -0 rm -f && rm -f .$(PREFIX)/$(FILES)
	for d in lib/ck include/ckeyer share/doc/ckeyer share/ckeyer; do \
	    ! test -d $(DESTDIR)$(PREFIX)/$$d || find $(DESTDIR)$(PREFIX)/$$d -depth -type d -empty -delete; done

# In a copy, which keeps the tree clean.
deb: dist
	rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb
	tar -C $(BUILD)/deb -xf $(BUILD)/ckeyer-$(VERSION).tar.gz
	cd $(BUILD)/deb/ckeyer-$(VERSION) && DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$$(nproc)" dpkg-buildpackage -us -uc -b
	@ls $(BUILD)/deb/*.deb

# A source archive of the last commit, which builds without git.
VERSION := $(shell sed -n 's/^\#define CK_VERSION "\(.*\)".*/\1/p' lib/base/option.h)
dist:
	@mkdir -p $(BUILD)
	git -c tar.umask=022 archive --format=tar --prefix=ckeyer-$(VERSION)/ HEAD | gzip -9n >$(BUILD)/ckeyer-$(VERSION).tar.gz
	@echo $(BUILD)/ckeyer-$(VERSION).tar.gz

clean:
	rm -rf $(BUILD) $(BIN)

.PHONY: all libs check format format-check lint check-debians check-packages check-cuda bench-cuda gpu-build gpu-session gpu-pack check-long check-asan fuzz fuzz-build fuzz-files bench bench-peers parity bench-refine quality stage install uninstall dist deb clean \
    test-build
.SECONDARY:
-include $(shell find $(BUILD) \( -path $(BUILD)/debians -o -path $(PEERS_VENV) \) -prune -o -name '*.d' -type f -print 2>/dev/null)
