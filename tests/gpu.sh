#!/bin/bash
# gpu.sh FOLDER: test the CUDA backend on a GPU with the programs in FOLDER (make check-cuda).
#
# Every operation against ref, network and refiner likewise, goldens of every size, all with compute-sanitizer watching
# memory.  Prints "skipped: no CUDA device" without a GPU.  Important tests come first.  Everything ends within
# $SECONDS_ALL (460): tests that take longer are stopped, and tests without time left are reported; both are failures.
set -u
tests=$1
limit=${SECONDS_ALL:-460}
failed=0

if ! device=$("$tests/helpers/cudadevice" 2>"$tests/why"); then
    echo "skipped: no CUDA device ($(cat "$tests/why"))"
    exit 0
fi
echo "# $device"

run() { # NAME COMMAND...: print its failures, its comments and its duration
    local name=$1 out=$tests/out start=$SECONDS left=$((limit - SECONDS)) status
    shift
    if [ "$left" -lt 2 ]; then
        failed=1
        echo "not ok - $name: not run, $SECONDS s are over"
        return
    fi
    timeout -k 5 "$left" "$@" >"$out" 2>&1
    status=$?
    if [ $status = 0 ] && ! grep -q '^not ok\|^Bail out' "$out"; then
        echo "ok - $name ($(grep -c '^ok' "$out") tests, $((SECONDS - start)) s)"
        grep -E '^# | of [0-9]e-' "$out" | sed 's/^ok [0-9]* - /#     /'
    else
        failed=1
        echo "not ok - $name ($((SECONDS - start)) s, $([ $status = 124 ] && echo "stopped: no time was left" || echo "status $status"))"
        grep -v '^ok' "$out" | sed 's/^/# /' | tail -40
    fi
}

run "the self-check, every precision" "$tests/nn_check_test" cuda
run "the kernels of published models" "$tests/nn_kernels_test" cuda
run "norms, pooling, heads" "$tests/nn_maps_test" cuda
run "products, convolutions, attention" "$tests/nn_products_test" cuda
run "products, convolutions, attention at f16" "$tests/nn_products_test" cuda f16
golden() { # NAME PRECISION...
    local name=$1 precision
    shift
    [ -f "${CK_GOLDENS-}/$name.safetensors" ] || { echo "ok - # SKIP $name: no golden"; return; }
    for precision in "$@"; do
        local type=("$precision")
        [ "$precision" != f32 ] || type=()
        run "$name at $precision" "$tests/network_test" cuda "${type[@]}" "$name.safetensors"
    done
}
# Kernels that this GPU does not need: of those with less shared memory, and the plainer ones.
run "small stages" "$tests/nn_products_test" cuda f16 once conv_mma16
run "plainer products at f16" "$tests/nn_products_test" cuda f16 once "conv_mma16 conv_mma16_small attention_mma16 attention_windows gelu_8 patch_tiled"
golden net_mini_256 f32 f16
run "the network: like ref, the same bytes twice, NaN noticed" "$tests/network_test" cuda
run "the refiner: in bands and in places the bytes of the whole" "$tests/refine_test" cuda
run "frames: planes in and out, several at once, rings" "$tests/frames_test" cuda
golden net_base_plus_512 f32 f16 tf32 bf16
golden net_base_plus_2048 f32 f16
for precision in f16 tf32 bf16; do
    [ $precision = f16 ] || run "products, convolutions, attention at $precision" "$tests/nn_products_test" cuda $precision
    [ $precision = tf32 ] || run "norms, pooling, heads at $precision" "$tests/nn_maps_test" cuda $precision
    run "the network at $precision" "$tests/network_test" cuda $precision
    run "the refiner at $precision" "$tests/refine_test" cuda $precision
done
golden net_mini_256 tf32 bf16
golden net_base_plus_256 f32 f16
golden net_base_plus_1024 f32 f16
golden net_base_plus_2048 tf32 bf16
# Small frames only: the sanitizer makes kernels many times slower.
sanitizer=$(command -v compute-sanitizer || ls "$CUDA_HOME/bin/compute-sanitizer" 2>/dev/null)
if [ -n "$sanitizer" ]; then
    # The backend checks what calls return itself; libraries try calls that may fail.
    sane() {
        local how=()
        [ "$1" = memcheck ] && how=(--report-api-errors no)
        run "compute-sanitizer, $1: $2" "$sanitizer" --tool "$1" "${how[@]}" --error-exitcode 1 "${@:3}"
    }
    sane memcheck "products at f16" "$tests/nn_products_test" cuda f16
    sane memcheck maps "$tests/nn_maps_test" cuda
    sane memcheck "maps at f16" "$tests/nn_maps_test" cuda f16
    sane memcheck "a small network" "$tests/network_test" cuda f16
    sane memcheck "frames in and out" "$tests/frames_test" cuda slots several
    sane memcheck "small stages" "$tests/nn_products_test" cuda f16 once conv_mma16
    sane racecheck "products at f16" "$tests/nn_products_test" cuda f16
    sane racecheck "small stages" "$tests/nn_products_test" cuda f16 once conv_mma16
    sane racecheck maps "$tests/nn_maps_test" cuda
else
    echo "ok - # SKIP compute-sanitizer: not in this toolkit"
fi
echo "# $SECONDS s in all"
exit $failed
