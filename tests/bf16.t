#!/bin/bash
# Precision bf16 on the CPU: the reference everywhere, cpu where the processor has AVX512_BF16.
. "$(dirname "$0")/tap.sh"
tests=${CK_TESTS:-$helpers/../tests}
small=$tmp/small.safetensors
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 32 --decoder-width 24 --refiner-width 16 "$small"
"$helpers/mkstream" -n 2 -g 70x50 rgb:u8:3:srgb hint:u8:1 >"$tmp/in.ck"
lines() { grep -v '^1\.\.' "$tmp/.out" | grep -v '^ok' | sed 's/^/# /' | head -20; }
keyed() { # DEVICE PRECISION NAME OPTION...
    ck-infer -d "$1" --precision "$2" -m "$small" "${@:4}" <"$tmp/in.ck" |
        ck-refine -d "$1" --precision "$2" -m "$small" "${@:4}" | ck-info --npy "$tmp/$3" >"$tmp/$3.txt"
}

devices=ref
if ck-infer -v -d cpu --precision bf16 -m "$small" <"$tmp/in.ck" >"$tmp/x.ck" 2>"$tmp/words"; then
    devices="ref cpu"
    is "the precision is named" "$(grep -c ' on cpu: bf16, ' "$tmp/words")" 1
else
    is "no AVX512_BF16: what is missing and what there is" \
        "$(grep -c 'no precision bf16 on device cpu: this processor lacks AVX512_BF16: use f32 or auto' "$tmp/words")" 1
    skip "device cpu at bf16" "this processor lacks AVX512_BF16"
fi
keyed ref f32 exact
for device in $devices; do
    for test in nn_products_test nn_maps_test; do
        ok "$test, $device" "$tests/$test" $device bf16
        lines
    done
    keyed $device bf16 $device
    keyed $device bf16 again -t 1
    ok "$device: the same bytes on one thread" diff -r "$tmp/$device" "$tmp/again"
    ! diff -rq "$tmp/$device" "$tmp/exact" >/dev/null
    report $? "$device: bytes that f32 does not give"
    ok "$device: like ref, whatever the threads, frame after frame, in parts, NaN noticed" \
        "$tests/network_test" $device bf16
    lines
    ok "$device: the refiner in bands and in places, the bytes of the whole" "$tests/refine_test" $device bf16
    lines
    if [ -z "$goldens" ]; then
        skip "$device: goldens" "no goldens"
    elif [ -n "${CK_ASAN-}" ]; then
        skip "$device: goldens" "they take minutes with a sanitizer"
    else
        golden=net_mini_256
        [ $device = ref ] || golden="net_mini_256 net_mini_512 net_base_plus_512"
        for name in $golden; do
            ok "$device: $name" env CK_GOLDENS="$goldens" "$tests/network_test" $device bf16 $name.safetensors
            grep ' of ' "$tmp/.out" | sed 's/^ok/# ok/'
        done
    fi
done
done_testing
