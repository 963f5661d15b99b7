#!/bin/bash
# Runs of the network too long for make check: the reference at 512, the CPU at 1024, and 2048 with its memory.
. "$(dirname "$0")/../tap.sh"

test=$helpers/../tests/network_test
if [ -n "$goldens" ]; then
    export CK_GOLDENS=$goldens
    for golden in net_mini_512 net_base_plus_512; do
        ok "ref: $golden" "$test" ref $golden.safetensors
        grep '^#' "$tmp/.out"
    done
    for golden in net_base_plus_1024 net_base_plus_2048; do
        ok "cpu: $golden" "$test" cpu $golden.safetensors
        grep -E '^#| of ' "$tmp/.out" | sed 's/^ok/# ok/'
    done
    for golden in net_base_plus_1024 net_base_plus_2048; do
        if grep -qw avx512_bf16 /proc/cpuinfo; then
            ok "cpu at bf16: $golden" "$test" cpu bf16 $golden.safetensors
            grep -E '^#| of ' "$tmp/.out" | sed 's/^ok/# ok/'
        else
            skip "cpu at bf16: $golden" "this processor lacks AVX512_BF16"
        fi
    done
    # The CUDA backend's own sources, on the CPU.
    ok "cuda on the CPU: net_mini_256" env CK_LIB="${CK_CUDA_HOST_LIB-$helpers/../cuda_host}" "$test" cuda net_mini_256.safetensors
    grep -E '^#| of ' "$tmp/.out" | sed 's/^ok/# ok/'
else
    skip "the goldens at 512, 1024 and 2048" "no goldens"
fi

# Anonymous memory of both halves, each run in its own program: at most 6 GB together.
"$helpers/mkmodel" --img-size 2048 "$tmp/m.safetensors"
for part in infer refine; do
    ok "$part at 2048" "$helpers/peak" "$tmp/$part" "$helpers/netrun" cpu $part "$tmp/m.safetensors" 2048x2048
    echo "# $part: $(cat "$tmp/$part") KiB"
done
[ $(($(cat "$tmp/infer") + $(cat "$tmp/refine"))) -le 5859375 ]
report $? "infer and refine at 2048 together: 6 GB of anonymous memory"
done_testing
