#!/bin/bash
# ck-refine's modes as a program: the same bytes, memory, maps of places, cuts, wrong options.
. "$(dirname "$0")/tap.sh"
make_stream() { "$helpers/mkstream" "$@"; }
data() { ck-info --npy "$1"; }

small=$tmp/small.safetensors
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 96 --decoder-width 24 --refiner-width 16 "$small"
logits() { make_stream "$@" alpha_logits:f32:1:-:40x24 fg_logits:f32:3:-:40x24; }
logits -n 3 -g 131x77 rgb:u8:3:srgb hint:u8:1 >"$tmp/in.ck"
refine() { ck-refine -m "$small" "$@"; }

# Tiled: the same bytes for every tile size, with a frame of 160x96 that most of them do not divide.
for device in cpu ref; do
    refine -d $device <"$tmp/in.ck" | data "$tmp/full-$device"
    refine -d $device --mode tiled <"$tmp/in.ck" | data "$tmp/tiled"
    ok "$device: tiled is full, to the byte" diff -r "$tmp/full-$device" "$tmp/tiled"
    tiles="33 64"
    [ $device = cpu ] && tiles="1 33 64 70 500"
    for tile in $tiles; do
        rm -r "$tmp/tiled"
        refine -d $device --mode tiled --tile $tile -t 3 <"$tmp/in.ck" | data "$tmp/tiled"
        ok "$device: with tiles of $tile too" diff -r "$tmp/full-$device" "$tmp/tiled"
    done
done
refine --depth 16 <"$tmp/in.ck" | data "$tmp/half"
refine --depth 16 --mode tiled --memory 60M <"$tmp/in.ck" | data "$tmp/half-tiled"
ok "and narrowed to 16 bits" diff -r "$tmp/half" "$tmp/half-tiled"

# Memory of the whole program, at a size where the maps are most of it.
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 96 --decoder-width 24 "$tmp/wide.safetensors"
make_stream -n 2 -g 640x360 rgb:u8:3:srgb alpha_logits:f32:1:-:128x128 fg_logits:f32:3:-:128x128 >"$tmp/wide.ck"
wide() { "$helpers/peak" "$tmp/kib" ck-refine -v -t 2 -m "$tmp/wide.safetensors" "$@" <"$tmp/wide.ck" 2>"$tmp/words"; }
wide | data "$tmp/wide-full"
full=$(cat "$tmp/kib")
if wide --mode tiled --memory 96M >"$tmp/wide-tiled.ck"; then
    kib=$(cat "$tmp/kib")
    data "$tmp/wide-tiled" <"$tmp/wide-tiled.ck"
    ok "beyond memory, the same bytes" diff -r "$tmp/wide-full" "$tmp/wide-tiled"
    ok "some of it was in a file" grep -qE ' [1-9][0-9]* MB in a file' "$tmp/words"
    if [ -n "${CK_ASAN-}" ]; then
        skip "--memory is obeyed" "AddressSanitizer's quarantine is what would be measured"
    else
        [ "$kib" -le $((96 * 1024)) ] && [ "$full" -gt $((96 * 1024)) ]
        report $? "--memory 96M is obeyed: $kib KiB, $full KiB without"
    fi
else
    grep -q "is in memory" "$tmp/words"
    report $? "there is no folder on a disk"
    skip "maps beyond memory" "no folder on a disk"
fi

# Sparse.
sparse() { refine -v --mode sparse "$@" 2>"$tmp/words" | data "$tmp/sparse"; }
share() { sed -n "s/.*frame $1: \([0-9.]*\) % skipped.*/\1/p" "$tmp/words"; }
sparse --refresh 1 <"$tmp/in.ck"
ok "every frame whole: full, to the byte" diff -r "$tmp/full-cpu" "$tmp/sparse"
rm -r "$tmp/sparse"
sparse --band 0,1 <"$tmp/in.ck"
ok "the first frame is whole" cmp "$tmp/full-cpu/alpha.001001.npy" "$tmp/sparse/alpha.001001.npy"
is "a band from 0 to 1 skips nothing" "$(share 1002) $(share 1003)" "0.0 0.0"
! cmp -s "$tmp/full-cpu/alpha.001002.npy" "$tmp/sparse/alpha.001002.npy"
is "but the statistics are the first frame's" $? 0
rm -r "$tmp/sparse"
sparse --refresh 2 --band 0,1 <"$tmp/in.ck"
is "every second frame is whole" "$(grep -c 'fully refined: --refresh' "$tmp/words")" 1
ok "and full's" cmp "$tmp/full-cpu/fg.001003.npy" "$tmp/sparse/fg.001003.npy"

# A map from outside, of any size, decides; here with one sample per block.
logits -n 2 -g 131x77 rgb:u8:3:srgb refine_map:f32:1:-:5x3 >"$tmp/mapped.ck"
refine -v --mode sparse --map <"$tmp/mapped.ck" 2>"$tmp/words" | data "$tmp/mapped"
data "$tmp/given" <"$tmp/mapped.ck"
ones() { tail -c $((15 * $2)) "$1" | od -An -v -t$3$2 | tr -s ' ' '\n' | grep -cE '^[^-]*[1-9]'; }
want=$(ones "$tmp/given/refine_map.001002.npy" 4 f)
[ "$want" -gt 0 ] && [ "$want" -lt 15 ]
report $? "a map marks $want of 15 blocks"
is "so many are refined" "$(share 1002)" "$(LC_ALL=C awk "BEGIN { printf \"%.1f\", 100 * (15 - $want) / 15 }")"
is "--map says which" "$(ones "$tmp/mapped/refine_map.001002.npy" 1 u)" "$want"
is "and that a whole frame was whole" "$(ones "$tmp/mapped/refine_map.001001.npy" 1 u)" 15
logits rgb:u8:3:srgb refine_map:u8:3 >"$tmp/bad.ck"
fails 2 "refine_map needs one of" "a map of three channels" bash -c "ck-refine -m '$small' --mode sparse <'$tmp/bad.ck' >'$tmp/x'"
rm -rf "$tmp/mapped"
refine <"$tmp/mapped.ck" | data "$tmp/mapped"
ok "other modes pass a map on" cmp "$tmp/given/refine_map.001002.npy" "$tmp/mapped/refine_map.001002.npy"

# Two shots in one stream.
for seed in 1 2; do
    ck-synth -g 192x108 -n 2 --seed $seed | ck-encode --plane rgb=png "$tmp/shot$seed" 2>"$tmp/err"
done
mkdir "$tmp/shots"
cp "$tmp/shot1/rgb/00000.png" "$tmp/shots/0.png"
cp "$tmp/shot1/rgb/00001.png" "$tmp/shots/1.png"
cp "$tmp/shot2/rgb/00000.png" "$tmp/shots/2.png"
cp "$tmp/shot2/rgb/00001.png" "$tmp/shots/3.png"
ck-decode "$tmp/shots" 2>"$tmp/err" | ck-hint | ck-infer -m "$small" | refine -v --mode sparse 2>"$tmp/words" >"$tmp/x"
is "a cut is refined whole, what goes on is not" "$(grep -o 'frame [0-9]: [^(]*' "$tmp/words" | grep -o '^frame [0-9]\|refined: [a-z ]*[a-z]' | tr '\n' ',')" \
    "frame 0,refined: no statistics yet,frame 1,frame 2,refined: a cut,frame 3,"

# Options that contradict each other.
wrong() { fails 2 "$1" "$2" bash -c '"$@" <"$0" >"$0.out"' "$tmp/in.ck" ck-refine -m "$small" "${@:3}"; }
wrong "one of full|tiled|sparse" "an unknown mode" --mode fast
wrong "from 1 to 16384" "tiles of nothing" --mode tiled --tile 0
wrong "needs --mode tiled or sparse" "tiles of a whole" --tile 64
wrong "needs --mode tiled or sparse" "memory of a whole" --memory 1G
wrong "number of bytes" "memory without a unit that exists" --mode tiled --memory 12Q
wrong "number of bytes" "no memory" --mode tiled --memory 0
wrong "is not enough: a frame of 131 x 77 alone" "memory for not even the frames" --mode tiled --memory 1M
wrong "needs --mode sparse" "a band of tiles" --mode tiled --band 0,1
wrong "needs --mode sparse" "a map of tiles" --mode tiled --map
wrong "needs --mode sparse" "a refresh of tiles" --mode tiled --refresh 3
wrong "from 1 to 100000" "never refresh" --mode sparse --refresh 0
for band in 0.9,0.1 0.5 a,b 0,2 -1,1 0.1,0.9,1 nan,1; do
    wrong "is not LO,HI" "a band of $band" --mode sparse --band $band
done
done_testing
