#!/bin/bash
# gpu.sh FOLDER: the CUDA backend on a GPU, by the tests in FOLDER (make check-cuda).
#
# Every operation against ref, the network and the refiner likewise, goldens of every size, all of it in memory that a
# sanitizer watches.  Says "skipped: no CUDA device" where there is none.
set -u
tests=$1
failed=0

if ! device=$("$tests/helpers/cudadevice" 2>"$tests/why"); then
    echo "skipped: no CUDA device ($(cat "$tests/why"))"
    exit 0
fi
echo "# $device"

run() { # NAME COMMAND...: its failures and remarks, and how long it took
    local name=$1 out=$tests/out start=$SECONDS
    shift
    if "$@" >"$out" 2>&1 && ! grep -q '^not ok\|^Bail out' "$out"; then
        echo "ok - $name ($(grep -c '^ok' "$out") tests, $((SECONDS - start)) s)"
        grep -E '^# | of [0-9]e-' "$out" | sed 's/^ok [0-9]* - /#     /'
    else
        failed=1
        echo "not ok - $name"
        sed 's/^/# /' "$out" | grep -v '^# ok' | tail -40
    fi
}

run "norms, pooling, heads" "$tests/nn_maps_test" cuda
run "products, convolutions, attention" "$tests/nn_products_test" cuda
for precision in tf32 f16 bf16; do
    run "products, convolutions, attention at $precision" "$tests/nn_products_test" cuda $precision
    run "the network at $precision" "$tests/network_test" cuda $precision
    run "the refiner at $precision" "$tests/refine_test" cuda $precision
done
run "the network: like ref, the same bytes twice, NaN noticed" "$tests/network_test" cuda
run "the refiner: in bands and in places the bytes of the whole" "$tests/refine_test" cuda
run "frames: planes in and out, several at once, rings" "$tests/frames_test" cuda
for golden in net_mini_256 net_base_plus_256 net_base_plus_512 net_base_plus_1024 net_base_plus_2048; do
    [ -f "${CK_GOLDENS-}/$golden.safetensors" ] || { echo "ok - # SKIP $golden: no golden"; continue; }
    run "$golden" "$tests/network_test" cuda "$golden.safetensors"
    for precision in tf32 f16 bf16; do
        run "$golden at $precision" "$tests/network_test" cuda $precision "$golden.safetensors"
    done
done
sanitizer=$(command -v compute-sanitizer || ls "$CUDA_HOME/bin/compute-sanitizer" 2>/dev/null)
if [ -n "$sanitizer" ]; then
    for tool in memcheck racecheck; do
        run "compute-sanitizer, $tool, tensor cores" "$sanitizer" --tool $tool --error-exitcode 1 \
            "$tests/nn_products_test" cuda f16
        run "compute-sanitizer, $tool" "$sanitizer" --tool $tool --error-exitcode 1 "$tests/nn_maps_test" cuda
        run "compute-sanitizer, $tool, a small network" "$sanitizer" --tool $tool --error-exitcode 1 \
            "$tests/network_test" cuda
        run "compute-sanitizer, $tool, frames" "$sanitizer" --tool $tool --error-exitcode 1 \
            "$tests/frames_test" cuda slots several
    done
else
    echo "ok - # SKIP compute-sanitizer: not in this toolkit"
fi
exit $failed
