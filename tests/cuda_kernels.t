#!/bin/bash
# CUDA kernels on the CPU: operations against ref, the self-check, the limits of GPUs.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/cuda.sh"

# Also with threads of a block from last to first, which reveals missing barriers.
for order in "" 1; do
    for test in nn_maps_test nn_products_test; do
        ok "$test${order:+, threads in reverse order}" env ${order:+CK_CUDA_HOST_REVERSE=1} "$tests/$test" cuda
        lines
    done
done
for precision in tf32 f16 bf16; do
    reverse=$([ $precision = tf32 ] || echo CK_CUDA_HOST_REVERSE=1)
    ok "nn_products_test at $precision${reverse:+, threads in reverse order}" \
        env $reverse "$tests/nn_products_test" cuda $precision once
    lines
    ok "nn_maps_test at $precision${reverse:+, threads in reverse order}" \
        env $reverse "$tests/nn_maps_test" cuda $precision
    lines
done
table=$here/../lib/nn/cuda/select.c
mapfile -t kernels < <(sed -nE 's/.*\b(ANY|CHOOSY|PREPARED)\(([a-z0-9_]+), CK_.*/\2/p' "$table")
is "a kernel in each row of the table" "${#kernels[@]}" "$(sed -n '/ kernels\[\] = {/,/};/p' "$table" | wc -l)"
ok "nn_check_test: every kernel, planted faults" "$tests/nn_check_test" cuda "${kernels[@]}"
lines
# The limits of other GPUs: of compute capability 8.0 a convolution has a large stage at a time, of 8.6, 8.9 and 12.0
# small ones.
for arch in 80 86 89 90 100 120; do
    ok "kernels for compute capability $arch" env CK_CUDA_HOST_ARCH=$arch "$tests/nn_kernels_test" cuda
    lines
    small=$(case $arch in 86 | 89 | 120) echo 4 ;; *) echo 0 ;; esac)
    is "convolutions in small stages" "$(grep -c '^ok .*, dilation [1248]: conv_mma16_small: ' "$tmp/.out")" "$small"
done
ok "nn_products_test at f16, small stages" "$tests/nn_products_test" cuda f16 once conv_mma16
lines
for arch in 80 120; do
    ok "nn_products_test at f16 with the limits of $arch" env CK_CUDA_HOST_ARCH=$arch "$tests/nn_products_test" cuda f16 once
    lines
done
done_testing
