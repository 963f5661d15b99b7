#!/bin/bash
# The network on CUDA, on the CPU: like ref, frames in several orders of queued work.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/cuda.sh"

if [ -n "${CK_ASAN-}" ]; then
    ok "planes in and out" "$tests/frames_test" cuda slots
    lines
    skip "the network and the refiner on the CPU" "they take minutes with a sanitizer"
    done_testing
fi
ok "the network: like ref, frame after frame, in parts, NaN noticed" "$tests/network_test" cuda
lines
ok "the refiner: in bands and in places the bytes of the whole" "$tests/refine_test" cuda
lines
ok "the network at f16" "$tests/network_test" cuda f16
lines
# Queued work as late as possible, or as early; memory that cannot be pinned; steps that cannot be recorded.
ok "frames: the host's bytes, several at once, rings, out of memory" "$tests/frames_test" cuda slots frames several memory
lines
ok "frames, copies as early as can be, threads in reverse order" \
    env CK_CUDA_HOST_EAGER=1 CK_CUDA_HOST_REVERSE=1 "$tests/frames_test" cuda
lines
for machine in no-register no-read-only no-graphs; do
    ok "frames: $machine" env CK_CUDA_HOST=$machine "$tests/frames_test" cuda several
    lines
done
done_testing
