#!/bin/bash
# The programs on CUDA, on the CPU: devices, precisions, memory, machines without CUDA, the self-check.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/cuda.sh"

small=$tmp/small.safetensors
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 32 --decoder-width 24 --refiner-width 16 "$small"
"$helpers/mkstream" -n 2 -g 70x50 rgb:u8:3:srgb hint:u8:1 >"$tmp/in.ck"
"$helpers/mkstream" -n 1 -g 70x50 rgb:u8:3:srgb hint:u8:1 >"$tmp/frame.ck"
run() { ck-infer -d "$1" -m "$small" <"$tmp/in.ck" | ck-refine -d "$1" -m "$small" | ck-info --npy "$tmp/$2"; }
run cuda a 2>"$tmp/err"
run cuda:1 b 2>>"$tmp/err"
# shellcheck disable=SC2218 # defined above
run auto c 2>>"$tmp/err"
is "twelve planes" "$(ls "$tmp/a" | wc -l)" "$(ls "$tmp/c" | wc -l)"
ok "cuda:1 gives the bytes of cuda" diff -r "$tmp/a" "$tmp/b"
ok "auto takes it" diff -r "$tmp/a" "$tmp/c"
ck-infer --refine -m "$small" <"$tmp/in.ck" 2>>"$tmp/err" | ck-info --npy "$tmp/d"
ok "both halves in one context: the same bytes" diff -r "$tmp/a" "$tmp/d"
ck-infer -v -m "$small" <"$tmp/in.ck" 2>"$tmp/words" >"$tmp/x.ck"
is "and says so" "$(grep -c ' on cuda: f16, ' "$tmp/words")" 1
for precision in f32 tf32 bf16; do
    ck-infer -v --precision $precision -m "$small" <"$tmp/in.ck" 2>"$tmp/words" >"$tmp/$precision.ck"
    is "and the precision" "$(grep -c " on cuda: $precision, " "$tmp/words")" 1
done
is "each gives other bytes" "$(cat "$tmp/x.ck" "$tmp/"*f??.ck | wc -c) $(md5sum "$tmp/x.ck" "$tmp/"*f??.ck | cut -c-32 | sort -u | wc -l)" \
    "$(($(wc -c <"$tmp/x.ck") * 4)) 4"
# Tokens that attend are chosen on the host, by the hint.
for device in cuda cpu; do
    ck-infer -d $device --precision f32 -s 96 --route 0.49,0.51 -v -m "$small" <"$tmp/in.ck" 2>"$tmp/said-$device" |
        ck-info --npy "$tmp/route-$device"
done
is "--route: some tokens attend" "$(grep -c 'frame.* [1-9][0-9.]* % of the tokens attend' "$tmp/said-cuda")" 2
is "those of the CPU" "$(grep -o 'frame.*attend' "$tmp/said-cuda" | sort)" "$(grep -o 'frame.*attend' "$tmp/said-cpu")"
for frame in 001001 001002; do
    difference=$("$helpers/rawdiff" "$tmp/route-cuda/alpha_logits.$frame.npy" "$tmp/route-cpu/alpha_logits.$frame.npy")
    LC_ALL=C awk "BEGIN { exit !($difference <= 1e-4) }"
    report $? "and its logits, to $difference"
done
# Tiles of 96 at 0 and 32.
for device in cuda cpu; do
    ck-infer -d $device --precision f32 -s 128x96 --split 96 -v -m "$small" <"$tmp/in.ck" 2>"$tmp/said-$device" |
        ck-info --npy "$tmp/split-$device"
done
is "--split: two tiles a frame" "$(grep -c 'frame.* 2 of 2 tiles computed' "$tmp/said-cuda")" 2
for frame in 001001 001002; do
    difference=$("$helpers/rawdiff" "$tmp/split-cuda/fg_logits.$frame.npy" "$tmp/split-cpu/fg_logits.$frame.npy")
    LC_ALL=C awk "BEGIN { exit !($difference <= 1e-4) }"
    report $? "logits of tiles, to $difference"
done
# Planes in ring slots are pinned there; others go through a copy.  Three frames: one run step by step, one recorded and
# replayed, one replayed.
key() { ck-synth -n 3 -g 320x200 | ck-hint | ck-infer --refine -d cuda -m "$small" | ck-info --npy "$tmp/$1"; }
export CK_CUDA_HOST_COUNT=1
key by_ring 2>"$tmp/ring"
CK_RING=off key inline 2>"$tmp/words"
unset CK_CUDA_HOST_COUNT
ck-synth -n 2 -g 320x200 | ck-hint | CK_CUDA_HOST=no-register ck-infer -v --refine -d cuda -m "$small" 2>"$tmp/said" |
    ck-info --npy "$tmp/v"
is "where none can be, that is said" "$(grep -cE 'ring slots: 0 .* directly, [1-9][0-9]* through a buffer' "$tmp/said")" 1
ok "planes in rings and inline: the same bytes" diff -r "$tmp/by_ring" "$tmp/inline"
is "slots are pinned" "$(grep -c ' 2 graphs, [1-9][0-9]* registered' "$tmp/ring")" 1
is "nothing inline is" "$(grep -c ' 2 graphs, 0 registered' "$tmp/words")" 1
# shellcheck disable=SC2069 # stderr into the pipe, the stream into a file
graphs() { ck-synth -n 3 -g 96x96 | ck-hint | CK_CUDA_HOST_COUNT=1 ck-infer --refine -d cuda -m "$small" "$@" 2>&1 >"$tmp/x.ck"; }
is "--verbose changes nothing about graphs" "$(graphs -v | grep -o ' [0-9]* graphs')" " 2 graphs"
is "lists of tokens are not recorded" "$(graphs --route 0.49,0.51 | grep -o ' [0-9]* graphs')" " 0 graphs"
is "--time-layers does without" "$(graphs --time-layers | grep -o ' [0-9]* graphs')" " 0 graphs"
CK_CUDA_HOST=no-graphs ck-infer -d cuda -m "$small" <"$tmp/in.ck" 2>"$tmp/words" >"$tmp/y.ck"
ck-info --npy "$tmp/slow" <"$tmp/y.ck"
ck-infer -d cuda -m "$small" <"$tmp/in.ck" | ck-info --npy "$tmp/fast"
is "steps that cannot be recorded run one by one, which is said" \
    "$(grep -c "warning: CUDA graph capture failed; kernels are launched one by one: cannot record a graph" "$tmp/words")" 1
ok "and give the same" diff -r "$tmp/fast" "$tmp/slow"
fails 1 "cuBLASLt has no way to do a product of" "a library that cannot multiply" \
    env CK_CUDA_HOST=no-product bash -c "ck-infer -d cuda -m '$small' <'$tmp/in.ck' >'$tmp/x.ck'"
fails 2 "no device cuda:2: the last is cuda:1" "no third device" bash -c "ck-infer -d cuda:2 -m '$small' <'$tmp/in.ck' >'$tmp/x.ck'"
fails 1 "out of memory on cuda:0: the network needs" "a device that is too small" \
    env CK_CUDA_HOST_MEMORY=35200000 bash -c "ck-infer -d cuda -s 256 -m '$small' <'$tmp/in.ck' >'$tmp/x.ck'"

size=$(grep -oE -- '--size [0-9x]+ fits' "$tmp/.err" | cut -d' ' -f2)
fails 1 ": --split 128 fits" "tiles that are too large: their size is named" \
    env CK_CUDA_HOST_MEMORY=35200000 bash -c "ck-infer -d cuda -s 512 --split 256 -m '$small' <'$tmp/in.ck' >'$tmp/x.ck'"
ok "the size that it says fits: ${size:-none}" \
    env CK_CUDA_HOST_MEMORY=35200000 bash -c "ck-infer -d cuda -s '$size' -m '$small' <'$tmp/in.ck' >'$tmp/x.ck'"

# Several devices take frames in turn: the results of one device, in order.
"$helpers/mkstream" -n 5 -g 70x50 rgb:u8:3:srgb hint:u8:1 >"$tmp/five.ck"
keyed() { # OUT OPTIONS...
    local out=$1
    shift
    : >"$tmp/words"
    ck-infer -m "$small" "$@" <"$tmp/five.ck" 2>>"$tmp/words" | ck-refine -m "$small" "$@" 2>>"$tmp/words" >"$tmp/$out.ck"
    ck-info --npy "$tmp/$out" <"$tmp/$out.ck"
}
keyed one -d cuda:0
keyed two -d cuda:0,1 -v
ok "two devices: the bytes of one" diff -r "$tmp/one" "$tmp/two"
is "in order" "$(ck-info <"$tmp/two.ck" | grep -o '^FRAME *[0-9]*' | grep -o '[0-9]*$' | tr '\n' ' ')" "0 1 2 3 4 "
is "each runs a network in each program" "$(grep -c ' on cuda: f16, ' "$tmp/words")" 4
ck-infer --refine -d cuda:1,0 -m "$small" <"$tmp/five.ck" | ck-info --npy "$tmp/joined"
ok "with both halves in one too" diff -r "$tmp/one" "$tmp/joined"
several() { fails "$1" "$2" "$3" bash -c '"$@" <"$0" >"$0.out"' "$tmp/five.ck" "${@:4}"; }
several 2 "cuda:2: no device cuda:2: the last is cuda:1" "one that there is not" ck-infer -m "$small" -d cuda:0,2
several 2 "device cuda:1 appears twice in 'cuda:1,1'" "one twice" ck-infer -m "$small" -d cuda:1,1
for list in "cuda:0," "cuda:,1" "cuda:0,one" "cuda:0,,1" "cpu,ref"; do
    several 2 "no device is called '$list'" "no list: $list" ck-infer -m "$small" -d $list
done
several 2 "--mode sparse runs on one device: name one" "sparse on two" \
    ck-refine -m "$small" -d cuda:0,1 --mode sparse
several 1 ": cuda:1: cannot copy a plane" "one of two fails" \
    env CK_CUDA_HOST_BROKEN=1:0 ck-infer -m "$small" -d cuda:0,1
several 3 ": cuda:1: cannot copy a plane" "--keep-going: its frames are lost" \
    env CK_CUDA_HOST_BROKEN=1:0 ck-infer --keep-going -m "$small" -d cuda:0,1
ck-info <"$tmp/five.ck.out" >"$tmp/listed" 2>"$tmp/err"
lost=$(grep -c 'cuda:1: cannot' "$tmp/listed") kept=$(grep -c ' alpha_logits:' "$tmp/listed")
[ "$lost" -gt 0 ] && [ "$kept" -gt 0 ] && [ $((lost + kept)) = 5 ]
report $? "and only they: $lost lost, $kept kept"
is "ck key hands them on" "$(ck key -n -m M -d cuda:0,1 a b | grep -o -- '--device=cuda:0,1' | wc -l)" 2

# --size auto: by the memory left, for both programs or for one with both halves.
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 256 --decoder-width 24 --refiner-width 16 "$tmp/auto.safetensors"
auto() { # BYTES OPTIONS...: the side that it takes
    CK_CUDA_HOST_MEMORY=$1 ck-infer -d cuda -s auto --precision f32 -m "$tmp/auto.safetensors" "${@:2}" <"$tmp/frame.ck" \
        2>"$tmp/words" >"$tmp/auto.ck"
    sed -n 's/.*--size auto: \([0-9]*\) x .*, the largest that fits: .*/\1/p' "$tmp/words"
}
two=$(auto 608000000)
one=$(auto 38000000 --refine)
[ "${two:-0}" -ge 32 ] && [ "$two" -lt 256 ] && [ "${one:-0}" -ge 32 ] && [ "$one" -lt 256 ]
report $? "--size auto where memory is short: ${two:-none}, in one context ${one:-none}"
ok "ck-refine has room beside it" env CK_CUDA_HOST_MEMORY=608000000 bash -c \
    "ck-infer -d cuda -s $two --precision f32 -m '$tmp/auto.safetensors' <'$tmp/frame.ck' |
        ck-refine -d cuda --precision f32 -m '$tmp/auto.safetensors' >'$tmp/x.ck'; exit \$((PIPESTATUS[0] + PIPESTATUS[1]))"
[ "$(auto 41000000 --refine)" -gt "${one:-256}" ]
report $? "more memory, a larger picture: $(sed -n 's/.*--size auto: //p' "$tmp/words")"
ok "on two devices" test -n "$(auto 608000000 -d cuda:0,1)"
fails 1 "no inference size fits the " "memory for none" env CK_CUDA_HOST_MEMORY=500000000 \
    bash -c "ck-infer -d cuda -s auto -m '$small' <'$tmp/in.ck' >'$tmp/x.ck'"

# Machines on which CUDA cannot be used: doctor and --verbose give the reason, auto takes the CPU, cuda fails.
while IFS='|' read -r machine why; do
    export CK_CUDA_HOST=$machine
    is "$machine: doctor says why" "$(ck doctor | grep -cF -- "$why")" 1
    is "$machine: the CPU computes" "$(ck doctor | grep -- '--device auto' | tr -s ' ')" "ok --device auto cpu"
    ck-infer -v -m "$small" <"$tmp/in.ck" 2>"$tmp/words" >"$tmp/x.ck"
    is "$machine: auto takes the CPU and says why" "$(grep -cF -- "no CUDA: $why" "$tmp/words")$(grep -c ' on cpu: ' "$tmp/words")" 11
    fails 1 "$why" "$machine: cuda fails" bash -c "ck-infer -d cuda -m '$small' <'$tmp/in.ck' >'$tmp/x.ck'"
done <<'END'
no-driver|no NVIDIA driver found (libcuda.so.1)
old-driver|the NVIDIA driver is for CUDA 12.4, this build for 13.0: update the driver
prohibited|cuda:0 is in compute mode 'prohibited'
taken|cuda:0 is in exclusive-process mode and another process has it
old-device|cuda:0 has compute capability 7.5, at least 8.0 is needed
END
export CK_CUDA_HOST=no-device
is "hidden devices" "$(CUDA_VISIBLE_DEVICES="" ck doctor | grep -cF "no CUDA device is visible: CUDA_VISIBLE_DEVICES is ''")" 1
CK_CUDA_HOST=mig
is "an instance of a GPU is one" "$(ck doctor | grep -c '^ok *cuda:0 .* MIG 1g')" 1
unset CK_CUDA_HOST

# The check before a device's first frame.
is "verdicts on a device are kept, one for each precision" "$(for p in f32 tf32 f16 bf16; do
    grep -l "^check [0-9]*, $p, The CPU itself 00" "$tmp/cache/ck/"self-check-* | xargs grep -c '^fit$'
done | tr -d '\n')" 1111
cached() { XDG_CACHE_HOME=$tmp/$1 CK_CUDA_HOST_FAULT=$2 ck-infer --refine -m "$small" "${@:4}" <"$tmp/frame.ck" 2>"$tmp/words" >"$tmp/$3.ck"; }
cached plain conv_mma16,pool_8 a -v
is "kernels that fail: exit status" $? 0
is "one line says so" \
    "$(grep -c "warning: cuda:0 failed the self-check: plainer kernels replace pool_8 conv_mma16: pooling: pool_8 " "$tmp/words")" 1
is "plainer ones are used" "$(grep -c 'kernels: .* pool .* conv_mma16_small ' "$tmp/words")$(grep -c 'by conv_mma16_small: conv_mma16: it failed the self-check' "$tmp/words")" 11
cached plain "" b
is "the verdict is kept: the same line" "$(grep -c "plainer kernels replace pool_8 conv_mma16" "$tmp/words")" 1
ok "and the same bytes" cmp "$tmp/a.ck" "$tmp/b.ck"
cached routed attention_mma16:list c -v --route 0.49,0.51
is "attention to listed tokens fails: plainer kernels, in one line" \
    "$?$(grep -c "warning: cuda:0 failed the self-check: plainer kernels replace attention_mma16: attention of listed tokens: " "$tmp/words")" 01
for fault in linear plate merge; do
    cached $fault $fault a
    is "a fault in $fault: auto takes the CPU" "$?$(grep -c 'warning: cuda:0 failed the self-check: .*: the network runs on the CPU' "$tmp/words")" 01
    cached $fault $fault b -d cpu
    ok "with its bytes" cmp <(ck-info --npy "$tmp/n$fault" <"$tmp/a.ck"; cat "$tmp/n$fault"/*) <(ck-info --npy "$tmp/m$fault" <"$tmp/b.ck"; cat "$tmp/m$fault"/*)
    cached $fault $fault b -d cuda
    is "cuda fails" "$?$(grep -c 'cuda failed the self-check: .*: use --device cpu' "$tmp/words")" 11
done
XDG_CACHE_HOME=/proc/none cached none "" a
is "no cache: the check is repeated" "$?$(wc -c <"$tmp/words")" 00
is "doctor says what failed" "$(XDG_CACHE_HOME=$tmp/plain ck doctor | grep -cE '^no     self-check +f16: cuda:0 failed|^ok     kernel +pooling by pool: pool_8: it failed')" 2

# A plug-in that cannot be loaded.
export CK_LIB=$tmp/lib
fails 1 "no libck-cuda.so in $tmp/lib" "none" bash -c "ck-infer -d cuda -m '$small' <'$tmp/in.ck' >'$tmp/x.ck'"
mkdir "$tmp/lib"
echo junk >"$tmp/lib/libck-cuda.so"
fails 1 "cannot open $tmp/lib/libck-cuda.so: " "one that is none" bash -c "ck-infer -d cuda -m '$small' <'$tmp/in.ck' >'$tmp/x.ck'"
done_testing
