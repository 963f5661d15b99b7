# shellcheck shell=bash disable=SC2034,SC2154 # used by the tests; tap.sh's
# Tests of the CUDA backend without a GPU: its sources, kernels included, run on the CPU (tests/cuda_host) as a plug-in.
# Source it after tap.sh.
tests=${CK_TESTS:-$helpers/../tests}
host=${CK_CUDA_HOST_LIB-$helpers/../cuda_host}
[ -f "$host/libck-cuda.so" ] || { skip "the CUDA backend on the CPU" "no C++ compiler"; done_testing; exit; }
export CK_LIB=$host
# Failures of the compiled test that ran last.
lines() { grep -v '^1\.\.' "$tmp/.out" | grep -v '^ok' | sed 's/^/# /' | head -20; }
