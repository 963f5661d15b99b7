#!/bin/bash
# ck-infer --crop: the network sees a region of the plate; everything after it puts the results back.
. "$(dirname "$0")/tap.sh"
make_stream() { "$helpers/mkstream" "$@"; }
data() { ck-info --npy "$1"; }
region() { ck-info | grep -o 'region=[0-9,]*' | tr '\n' ' '; }

small=$tmp/small.safetensors
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 96 --decoder-width 24 --refiner-width 16 "$small"
infer() { ck-infer -m "$small" -s 96x64 "$@"; }
refine() { ck-refine -m "$small" "$@"; }

# A plate with its hint and a key, and the region 64,36,96,54 of all three, cropped by hand.
crop=64,36,96,54
ck-synth -g 192x108 --seed 3 | ck-encode --plane rgb=png --plane true_alpha=png "$tmp/shot" 2>"$tmp/err"
mkdir "$tmp/hand"
for p in rgb true_alpha; do
    oiiotool "$tmp/shot/$p/00000.png" --cut 96x54+64+36 -o "$tmp/hand/$p.png"
done
plate() { ck-decode --hint "$tmp/shot/true_alpha/00000.png" "$tmp/shot/rgb/00000.png"; }
hand() { ck-decode --hint "$tmp/hand/true_alpha.png" "$tmp/hand/rgb.png"; }

# The samples of a plane [C, 108, 192] of 32 bits inside the region, raw; the others.
inner() { perl -e 'local $/; $_ = <STDIN>; for $c (0 .. $ARGV[0] - 1) { for $y (36 .. 89) {
    print substr($_, 128 + 4 * (($c * 108 + $y) * 192 + 64), 4 * 96) } }' "$1"; }
outer() { perl -e 'local $/; $_ = <STDIN>; for $c (0 .. $ARGV[0] - 1) { for $y (0 .. 107) {
    $row = substr($_, 128 + 4 * ($c * 108 + $y) * 192, 4 * 192);
    substr($row, 4 * 64, 4 * 96) = "" if $y >= 36 && $y < 90; print $row } }' "$1"; }
raw() { tail -c +129 "$1"; }
as_by_hand() { # NAME FULL HAND
    ok "$1: alpha is that of the cropped plate, to the byte" \
        cmp <(inner 1 <"$2/alpha.000000.npy") <(raw "$3/alpha.000000.npy")
    ok "$1: and fg" cmp <(inner 3 <"$2/fg.000000.npy") <(raw "$3/fg.000000.npy")
}

plate | infer --crop $crop >"$tmp/logits.ck"
is "the region is in the frame's metadata" "$(region <"$tmp/logits.ck")" "region=$crop "
refine <"$tmp/logits.ck" | data "$tmp/full"
hand | infer | refine | data "$tmp/byhand"
as_by_hand "two programs" "$tmp/full" "$tmp/byhand"
is "outside alpha is 0" "$(outer 1 <"$tmp/full/alpha.000000.npy" | tr -d '\0' | wc -c)" 0
perl -e 'local $/; $_ = <STDIN>; print substr($_, 0, 128), pack("f<*", map { $_ / 255 } unpack("C*", substr($_, 128)))' \
    <"$tmp/full/rgb.000000.npy" >"$tmp/floats.npy"
ok "and fg the plate" cmp <(outer 3 <"$tmp/full/fg.000000.npy") <(outer 3 <"$tmp/floats.npy")
plate | infer | refine | data "$tmp/whole"
! cmp -s "$tmp/whole/alpha.000000.npy" "$tmp/full/alpha.000000.npy"
is "which the whole plate does not give" $? 0
plate | infer --crop off | refine | data "$tmp/off"
ok "off is the default" diff -r "$tmp/whole" "$tmp/off"

for options in "" "--detail --refiner-scale 0" "--depth 32 --refiner-scale 0.5"; do
    rm -rf "$tmp/both" "$tmp/two" "$tmp/byhand"
    # shellcheck disable=SC2086 # several words
    plate | infer --crop $crop --refine $options | data "$tmp/both"
    # shellcheck disable=SC2086
    refine $options <"$tmp/logits.ck" | data "$tmp/two"
    # shellcheck disable=SC2086
    hand | infer --refine $options | data "$tmp/byhand"
    as_by_hand "--refine $options" "$tmp/both" "$tmp/byhand"
    ok "--refine $options: as the two programs" diff -r "$tmp/both" "$tmp/two"
done
rm -rf "$tmp/two"
refine --mode tiled --memory 80M <"$tmp/logits.ck" | data "$tmp/two"
ok "tiled within --memory: the same" diff -r "$tmp/full" "$tmp/two"
rm -rf "$tmp/two"
refine --native <"$tmp/logits.ck" | data "$tmp/two"
hand | infer | refine --native | data "$tmp/native"
ok "--native: the region alone at inference size" cmp "$tmp/two/alpha.000000.npy" "$tmp/native/alpha.000000.npy"

# Linear light in 16 bits, a hint of another size, halves.
make_stream -n 1 -g 50x40 rgb:f16:3:linear hint:f32:1:-:9x7 >"$tmp/linear.ck"
infer --crop 10,4,20,30 <"$tmp/linear.ck" | refine --depth 16 >"$tmp/x.ck"
is "any plate and any hint will do" "$(ck-info <"$tmp/x.ck" | grep ^FRAME | grep -o ' [a-z_]*:f[^ ]*' | sed 's/:inline//' | tr -d '\n')" \
    " rgb:f16:3x40x50:linear hint:f32:1x7x9 alpha:f16:1x40x50 fg:f16:3x40x50:srgb"

# The subject's box.
oiiotool --create 640x360 1 --fill:color=1 100x80+200+100 -o "$tmp/hint.png"
ck-synth -n 2 -g 640x360 --seed 3 | ck-encode --plane rgb=png "$tmp/wide" 2>"$tmp/err"
box=128,64,192,192
ck-decode --hint "$tmp/hint.png" "$tmp/wide/rgb/00000.png" | infer --crop auto -v 2>"$tmp/words" >"$tmp/auto.ck"
is "auto finds the box of the hint" "$(region <"$tmp/auto.ck")" "region=$box "
is "and -v reports it" "$(grep -c "frame 0: region $box\$" "$tmp/words")" 1
ck-decode --hint "$tmp/hint.png" "$tmp/wide/rgb/00000.png" | infer --crop $box --refine | data "$tmp/given"
refine <"$tmp/auto.ck" | data "$tmp/found"
ok "it is as if it was given" diff -r "$tmp/given" "$tmp/found"
make_stream -n 2 -g 131x77 rgb:u8:3:srgb hint:u8:1 >"$tmp/noise.ck"
is "a hint all over the plate: no region" "$(infer --crop auto <"$tmp/noise.ck" | region)" ""
infer <"$tmp/noise.ck" | data "$tmp/plain"
infer --crop auto <"$tmp/noise.ck" | data "$tmp/auto.npy"
ok "and the whole plate's bytes" diff -r "$tmp/plain" "$tmp/auto.npy"
make_stream -g 131x77 rgb:u8:3:srgb >"$tmp/nohint.ck"
fails 1 "no plane 'hint' in the stream" "auto without a hint" bash -c "ck-infer -m '$small' --crop auto <'$tmp/nohint.ck' >'$tmp/x'"

# Several frames, a region that is not the first frame's.
mkdir "$tmp/hints"
cp "$tmp/hint.png" "$tmp/hints/0.png"
oiiotool --create 640x360 1 --fill:color=1 640x360 -o "$tmp/hints/1.png"
oiiotool --create 640x360 1 --fill:color=1 10x10+600+300 -o "$tmp/hints/2.png"
mkdir "$tmp/plates"
for i in 0 1 2; do cp "$tmp/wide/rgb/00000.png" "$tmp/plates/$i.png"; done
clip() { ck-decode --hint "$tmp/hints" "$tmp/plates" 2>"$tmp/err"; }
clip | infer --crop auto >"$tmp/clip.ck"
is "a box a frame, none for a full plate" "$(region <"$tmp/clip.ck")" "region=$box region=576,256,64,104 "
refine <"$tmp/clip.ck" | data "$tmp/clip"
clip | infer --crop auto --refine | data "$tmp/clip2"
ok "a clip in one program or two" diff -r "$tmp/clip" "$tmp/clip2"
clip | infer --crop $box --refine | data "$tmp/fixed"
ok "a frame's result depends on that frame alone" cmp "$tmp/clip/alpha.000000.npy" "$tmp/fixed/alpha.000000.npy"
# The aspect ratio of plate or region, inside --size.
logits() { ck-info | grep -o 'alpha_logits:[^ ]*' | sed 's/:inline//' | sort -u | tr '\n' ' '; }
is "--aspect keep: the plate's, inside the checkpoint's size" \
    "$(plate | ck-infer -m "$small" --aspect keep | logits)" "alpha_logits:f32:1x16x24 "
is "inside --size" "$(plate | ck-infer -m "$small" -s 160x192 --aspect keep | logits)" "alpha_logits:f32:1x24x40 "
is "the region's" "$(plate | ck-infer -m "$small" -s 192 --crop 5,0,30,108 --aspect keep | logits)" "alpha_logits:f32:1x48x16 "
is "of a thin one, a block" "$(plate | ck-infer -m "$small" -s 64 --crop 5,0,1,108 --aspect keep | logits)" "alpha_logits:f32:1x16x8 "
clip | ck-infer -m "$small" --aspect keep --crop auto >"$tmp/x.ck"
is "the subject's box has the plate's" "$(region <"$tmp/x.ck")$(logits <"$tmp/x.ck")" \
    "region=0,64,384,192 region=448,256,192,104 alpha_logits:f32:1x16x24 "
ck-infer -m "$small" -s 96x64 <"$tmp/noise.ck" | data "$tmp/given2"
ck-infer -m "$small" -s 96 --aspect keep <"$tmp/noise.ck" | data "$tmp/kept"
ok "the same as that size given" diff -r "$tmp/given2" "$tmp/kept"
make_stream -e 0 -n 2 -g 131x77 rgb:u8:3:srgb hint:u8:1 >"$tmp/late.ck"
is "the first frame with a plate decides" "$(ck-infer -m "$small" --aspect keep <"$tmp/late.ck" 2>"$tmp/err" | logits)" "alpha_logits:f32:1x16x24 "

# Memory of ck-refine with a region that is nearly the plate, at a size where the maps are most of it.
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 96 --decoder-width 24 "$tmp/wide.safetensors"
make_stream -n 2 -g 640x360 rgb:u8:3:srgb hint:u8:1 | ck-infer -m "$tmp/wide.safetensors" -s 512 --crop 1,1,638,358 >"$tmp/large.ck"
large() { "$helpers/peak" "$tmp/kib" ck-refine -v -t 2 -m "$tmp/wide.safetensors" "$@" <"$tmp/large.ck" 2>"$tmp/words"; }
large | data "$tmp/large-full"
if large --mode tiled --memory 104M >"$tmp/large-tiled.ck"; then
    data "$tmp/large-tiled" <"$tmp/large-tiled.ck"
    ok "a region within --memory: the same bytes" diff -r "$tmp/large-full" "$tmp/large-tiled"
    ok "some of it was in a file" grep -qE ' [1-9][0-9]* MB in a file' "$tmp/words"
    if [ -n "${CK_ASAN-}" ]; then
        skip "--memory is obeyed" "AddressSanitizer's quarantine is what would be measured"
    else
        [ "$(cat "$tmp/kib")" -le $((104 * 1024)) ]
        report $? "--memory 104M is obeyed: $(cat "$tmp/kib") KiB"
    fi
else
    grep -q "is in memory" "$tmp/words"
    report $? "there is no folder on a disk"
fi

# Sparse: a region of its own needs statistics of its own.
refine -v --mode sparse <"$tmp/logits.ck" 2>"$tmp/words" | data "$tmp/sparse"
ok "sparse: a frame refined whole is full's" diff -r "$tmp/full" "$tmp/sparse"
refine -v --mode sparse <"$tmp/clip.ck" 2>"$tmp/words" >"$tmp/x.ck"
is "another region is refined whole" "$(grep -c 'fully refined: another region' "$tmp/words")" 2
refine --mode sparse --map <"$tmp/logits.ck" >"$tmp/x.ck"
is "--map covers the plate" "$(ck-info <"$tmp/x.ck" | grep -o 'refine_map:[^ ]*' | sed 's/:inline//')" "refine_map:u8:1x108x192"

# Regions that do not fit, or are none.
wrong() { fails "$1" "$2" "$3" bash -c '"$@" <"$0" >"$0.out"' "$tmp/noise.ck" ck-infer -m "$small" -s 64 "${@:4}"; }
wrong 2 "exceeds the frame of 131 x 77" "a region beyond the plate" --crop 100,0,32,10
wrong 2 "exceeds the frame of 131 x 77" "below it" --crop 0,70,8,8
wrong 2 "is not auto, off or X,Y,W,H" "a region of three numbers" --crop 1,2,3
wrong 2 "is not auto, off or X,Y,W,H" "an empty region" --crop 1,2,0,3
wrong 2 "is not auto, off or X,Y,W,H" "an unknown word" --crop subject
make_stream -n 3 -g 131x77 -w 1 rgb:u8:3:srgb hint:u8:1 >"$tmp/grows.ck"
is "a plate that grows: each frame by its own size" "$(infer --keep-going --crop 0,0,132,77 <"$tmp/grows.ck" 2>"$tmp/err" |
    ck-info | grep -c '^FRAME.*error=.*exceeds the frame of 131 x 77')" 1
fails 1 "frame size changed in mid-stream" "plates that grow have no one aspect" \
    bash -c "ck-infer -m '$small' --aspect keep <'$tmp/grows.ck' >'$tmp/x'"
ok "the whole plate is no region" cmp <(infer --crop 0,0,131,77 <"$tmp/noise.ck" | data "$tmp/all"; cat "$tmp/all"/*) <(cat "$tmp/plain"/*)

# A stream from elsewhere.
foreign() { sed "s/region=$crop/region=$1/" "$tmp/logits.ck"; }
for bad in 64,36,96,99 99,36,96,54 64,36,00,54 64,36,9x,54; do
    fails 1 "metadata 'region' is '$bad', not X,Y,W,H inside the plate of 192 x 108" "a region of $bad" \
        bash -c "sed 's/region=$crop/region=$bad/' '$tmp/logits.ck' | ck-refine -m '$small' >'$tmp/x'"
done
foreign 65,36,96,54 | refine | data "$tmp/moved"
! cmp -s "$tmp/moved/alpha.000000.npy" "$tmp/full/alpha.000000.npy"
is "a region is where the stream says" $? 0
infer <"$tmp/logits.ck" >"$tmp/x.ck"
is "ck-infer without --crop removes a region" "$(region <"$tmp/x.ck")" ""
is "and the word in HEAD" "$(ck-info <"$tmp/x.ck" | head -1 | grep -c ' crop=')" 0
sed "s/crop=$crop/nope=$crop/" "$tmp/logits.ck" >"$tmp/x.ck"
ok "a region in the first frame is counted by --memory" bash -c "ck-refine -m '$small' --mode tiled --memory 80M <'$tmp/x.ck' >'$tmp/y'"

is "ck key hands --crop to ck-infer" "$(ck key -n -m M --crop auto a b | grep -o 'ck-infer [^|]*' | sed 's/ --threads=[0-9]*//g')" \
    "ck-infer --model=M --crop=auto "
done_testing
