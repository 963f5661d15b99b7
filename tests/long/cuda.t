#!/bin/bash
# The CUDA backend on the CPU (tests/cuda_host), tests too slow for make check: the refiner in bands and in single
# blocks at a lower precision, and a golden at each.
. "$(dirname "$0")/../tap.sh"
tests=${CK_TESTS:-$helpers/../tests}
host=${CK_CUDA_HOST_LIB-$helpers/../cuda_host}
[ -f "$host/libck-cuda.so" ] || { skip "the CUDA backend on the CPU" "no C++ compiler"; done_testing; exit; }
export CK_LIB=$host CK_GOLDENS=$goldens
for precision in tf32 f16 bf16; do
    ok "the refiner at $precision" "$tests/refine_test" cuda $precision
    if [ -n "$goldens" ]; then
        ok "net_mini_256 at $precision" "$tests/network_test" cuda $precision net_mini_256.safetensors
        grep -E '^#| of ' "$tmp/.out" | sed 's/^ok/# ok/'
    else
        skip "net_mini_256 at $precision" "no goldens"
    fi
done
# ck doctor repeats the check at every precision.
is "a fault" "$(CK_CUDA_HOST_FAULT=linear ck doctor | grep -c '^no     self-check  *f16: ')" 2
is "its verdict is kept" "$(ck doctor | grep -c '^no     self-check  *f16: ')" 2
is "until the check is repeated" "$(ck doctor --self-check | grep -cE '^ok     self-check  *(f32|tf32|f16|bf16)$')" 8
is "which is kept too" "$(ck doctor | grep -c '^ok     self-check  *f16$')" 2
done_testing
