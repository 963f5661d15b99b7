#!/bin/bash
# ck-matte: planes, unchanged planes, its options in a pipeline, masks, refusals.
. "$(dirname "$0")/tap.sh"
make_stream() { "$helpers/mkstream" "$@"; }
planes() { ck-info | grep ^FRAME | head -1 | grep -o ' [a-z_]*:[^ ]*:[^ ]*' | sed 's/:inline//' | tr -d '\n'; }
data() { ck-info --npy "$1"; }
same() { cmp <(tail -c +129 "$1") <(tail -c +129 "$2"); } # excluding the header
differ() { ! same "$1" "$2" >"$tmp/.cmp"; }

make_stream -n 3 -g 201x99 alpha:f32:1 fg:f16:3:srgb weird:u16:2 >"$tmp/in.ck"
data "$tmp/in" <"$tmp/in.ck"
ck-matte <"$tmp/in.ck" | data "$tmp/off"
ok "nothing asked for: every plane passes unchanged, and no other comes" diff -r "$tmp/in" "$tmp/off"
ck-matte --depth 16 --fill off --specks off --grow 0 <"$tmp/in.ck" | data "$tmp/off16"
ok "nothing either" diff -r "$tmp/in" "$tmp/off16"
ck-matte --fill 0 --specks 0 <"$tmp/in.ck" | data "$tmp/zero"
ok "0 is off" diff -r "$tmp/in" "$tmp/zero"
for options in "--black 0.2" "--white 0.7" "--gamma 1.5" "--gamma 0.5" "--fill 9" "--specks 99999" "--grow 0.3" "--grow -2" "--soften 1.2"; do
    ck-matte -t 1 $options <"$tmp/in.ck" | data "$tmp/one"
    ck-matte -t 3 $options <"$tmp/in.ck" | data "$tmp/three"
    ok "$options changes alpha" differ "$tmp/in/alpha.001002.npy" "$tmp/one/alpha.001002.npy"
    ok "the one it got is the coverage" same "$tmp/in/alpha.001002.npy" "$tmp/one/coverage.001002.npy"
    ok "the rest passes unchanged" diff -r -x 'alpha.*' -x 'coverage.*' "$tmp/in" "$tmp/one"
    ok "1 thread and 3 make the same bytes" diff -r "$tmp/one" "$tmp/three"
    rm -r "$tmp/one" "$tmp/three"
done
ck-matte --black 0.2 <"$tmp/in.ck" | ck-matte --grow 1 | data "$tmp/twice"
ok "of two in a row the coverage is the first one's" same "$tmp/in/alpha.001003.npy" "$tmp/twice/coverage.001003.npy"
is "--depth 16 makes halves, the coverage stays" "$(ck-matte --depth 16 --grow 1 <"$tmp/in.ck" | planes)" \
    " alpha:f16:1x99x201 fg:f16:3x99x201:srgb weird:u16:2x99x201 coverage:f32:1x99x201"

# By reference: the coverage has the matte's place in memory.
ck-synth -g 640x360 -n 8 | ck-hint --method key | ck-matte --from hint --grow 1 | ck-info >"$tmp/info"
place() { grep '^FRAME 7' "$tmp/info" | grep -o " $1:[^ ]*" | sed 's/.*://'; }
is "the coverage is not copied" "$(place coverage)" "$(place hint)"
[[ $(place coverage) == ring* && $(place alpha) != "$(place hint)" ]]
is "it is in a ring, and alpha in another" $? 0

# --from
make_stream rgb:u8:3 hint:u8:1:-:9x5 key:f32:1 >"$tmp/from.ck"
is "--from a smaller hint" "$(ck-matte --from hint <"$tmp/from.ck" | planes)" \
    " rgb:u8:3x18x32 hint:u8:1x5x9 key:f32:1x18x32 alpha:f32:1x18x32"
ck-matte --from key <"$tmp/from.ck" | data "$tmp/key"
ok "--from key is the key" same "$tmp/key/key.000000.npy" "$tmp/key/alpha.000000.npy"
make_stream -g 201x99 rgb:u8:3 alpha:f32:1 hint:f32:1 coverage:f32:1 | ck-matte --from hint --grow 1 | data "$tmp/again"
ok "--from replaces alpha, and the coverage of the old one" same "$tmp/again/hint.000000.npy" "$tmp/again/coverage.000000.npy"

# Unmixing uses the coverage, premultiplication uses alpha.
ck-synth -g 320x180 -n 2 | ck-hint --method key >"$tmp/shot.ck"
ck-matte --from hint <"$tmp/shot.ck" | ck-post --unmix --despeckle off | data "$tmp/plain"
ck-matte --from hint --grow -3 --soften 2 <"$tmp/shot.ck" | ck-post --unmix --despeckle off | data "$tmp/grown"
ok "fg does not depend on what ck-matte does" cmp "$tmp/plain/fg.000001.npy" "$tmp/grown/fg.000001.npy"
last() { tail -c $((4 * 320 * 180)) "$1"; }
ok "processed has the changed alpha" cmp <(last "$tmp/grown/processed.000001.npy") <(last "$tmp/grown/alpha.000001.npy")
ck-synth -g 160x90 -n 2 | ck-encode --plane rgb=png "$tmp/plate" 2>"$tmp/err"
mkdir "$tmp/k" "$tmp/s"
ok "ck key --classical" ck key --classical --grow -0.7 --despeckle 20 "$tmp/plate/rgb" "$tmp/keyed"
ok "is these stages" bash -c "ck-decode '$tmp/plate/rgb' | ck-hint --method key --screen green |
    ck-matte --from hint --specks 20 --grow -0.7 | ck-post --unmix --despeckle off --screen green | ck-encode '$tmp/staged'"
for set in FG Matte Processed Comp; do
    ck-decode "$tmp/keyed/$set" | data "$tmp/k/$set"
    ck-decode "$tmp/staged/$set" | data "$tmp/s/$set"
    ok "$set, pixel by pixel" diff -r "$tmp/k/$set" "$tmp/s/$set"
done

# Masks in the stream.
make_stream -g 64x36 alpha:f32:1 garbage:u8:1:-:7x5 holdout:f32:1 >"$tmp/masks.ck"
ck-matte <"$tmp/masks.ck" | data "$tmp/masks"
ok "garbage and holdout need no option" differ "$tmp/masks/alpha.001001.npy" "$tmp/masks/coverage.001001.npy"

# Refusals and their messages.
fails 1 "no plane 'alpha' in the stream: add ck-infer and ck-refine upstream, or give --from hint" "no alpha" \
    bash -c "'$helpers/mkstream' rgb:u8:3 | ck-matte >/dev/null"
fails 1 "no plane 'hint' in the stream: add ck-hint upstream" "no hint" \
    bash -c "'$helpers/mkstream' rgb:u8:3 | ck-matte --from hint >/dev/null"
fails 1 "no plane 'rgb' in the stream" "--from without a plate, whose size it needs" \
    bash -c "'$helpers/mkstream' hint:u8:1 | ck-matte --from hint >/dev/null"
fails 1 "plane 'rgb' has 3 channels, not 1" "--from rgb" bash -c "'$helpers/mkstream' rgb:u8:3 | ck-matte --from rgb >/dev/null"
fails 1 "'alpha' has samples of type u8" "an alpha of bytes" bash -c "'$helpers/mkstream' alpha:u8:1 | ck-matte >/dev/null"
fails 1 "plane 'garbage' has 2 channels, not 1" "garbage of two channels" \
    bash -c "'$helpers/mkstream' alpha:f32:1 garbage:u8:2 | ck-matte >/dev/null"
fails 1 "frame size changed in mid-stream, plane 'alpha' from 32 x 18 to 33 x 18: split the input" \
    "frames that change size" bash -c "'$helpers/mkstream' -n 4 -w 2 alpha:f32:1 | ck-matte >/dev/null"
fails 1 "frame 1002: plane 'alpha'" "NaN" bash -c "'$helpers/mkstream' -n 3 -q 1 alpha:f32:1 | ck-matte --grow 1 >/dev/null"
fails 3 "frame 1002: asked to fail" "an error frame is passed on" \
    bash -c "'$helpers/mkstream' -e 1 alpha:f32:1 | ck-matte --grow 1 | ck-info >/dev/null"
fails 2 "--black 0.5 is not below --white 0.4" "levels that cross" ck-matte --black 0.5 --white 0.4
fails 2 "from -50 to 50" "--grow beyond 50" ck-matte --grow 51
fails 2 "from 0 to 50" "--soften below 0" ck-matte --soften -1
fails 2 "or off" "--specks below 0" ck-matte --specks -1
fails 2 "from 0.1 to 10" "--gamma 0" ck-matte --gamma 0
done_testing
