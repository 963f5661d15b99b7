#!/bin/bash
# ck-post: goldens through the program, classical keying, depths, refusals.
. "$(dirname "$0")/tap.sh"
gold() { "$helpers/goldstream" "$@"; }
like() { "$helpers/goldcompare" "$@"; }
make_stream() { "$helpers/mkstream" "$@"; }
planes() { ck-info | grep ^FRAME | head -1 | grep -o ' [a-z_]*:[^ ]*:[^ ]*' | sed 's/:inline//' | tr -d '\n'; }
data() { ck-info --npy "$1"; }

# Alpha and fg of these goldens were rounded to half.  tests/post_test.c derives 8e-4 for processed; a half's own
# rounding below 2 adds 4.9e-4.  comp differs by at most 1 in at most 1 % of the samples.
for file in e2e_srgb.safetensors e2e_linear.safetensors; do
    if [ -z "$goldens" ]; then
        skip "$file" "no goldens"
        continue
    fi
    gold $file alpha=alpha fg=fg:f16:srgb screen=green | ck-post >"$tmp/p.ck"
    ok "$file: processed" like $file processed processed 1.3e-3 <"$tmp/p.ck"
    ok "$file: comp" like $file comp comp 1 0.01 <"$tmp/p.ck"
    is "$file: the planes" "$(planes <"$tmp/p.ck")" \
        " alpha:f16:1x360x640 fg:f16:3x360x640:srgb processed:f32:4x360x640:linear comp:u8:3x360x640:srgb"
done

make_stream -n 3 -g 201x99 alpha:f32:1 fg:f32:3:srgb weird:u16:2 screen=green >"$tmp/in.ck"
ck-post -t 1 <"$tmp/in.ck" | data "$tmp/one"
ck-post -t 3 <"$tmp/in.ck" | data "$tmp/three"
ok "1 thread and 3 make the same bytes" diff -r "$tmp/one" "$tmp/three"
data "$tmp/in" <"$tmp/in.ck"
for name in alpha fg weird; do
    ok "$name passes unchanged" cmp "$tmp/in/$name.001003.npy" "$tmp/one/$name.001003.npy"
done
is "--depth 16 makes halves" "$(ck-post --depth 16 <"$tmp/in.ck" | planes)" \
    " alpha:f32:1x99x201 fg:f32:3x99x201:srgb weird:u16:2x99x201 processed:f16:4x99x201:linear comp:u8:3x99x201:srgb"
ck-post --despeckle off <"$tmp/in.ck" | data "$tmp/off"
tail -c $((4 * 201 * 99)) "$tmp/off/processed.001003.npy" | cmp -s - <(tail -c $((4 * 201 * 99)) "$tmp/in/alpha.001003.npy")
is "--despeckle off leaves alpha as it is" $? 0
ck-post --despeckle 0 <"$tmp/in.ck" | data "$tmp/zero"
ok "--despeckle 0 is --despeckle off" diff -r "$tmp/off" "$tmp/zero"
differ() { ! cmp -s "$1" "$2"; }
for options in "--despill 1" "--despill-mode max" "--screen blue" "--despill 0"; do
    ck-post $options <"$tmp/in.ck" | data "$tmp/changed"
    ok "$options changes processed" differ "$tmp/one/processed.000001.npy" "$tmp/changed/processed.000001.npy"
done
make_stream -n 3 -g 201x99 alpha:f32:1 fg:f32:3:srgb weird:u16:2 screen=blue | ck-post | data "$tmp/head"
ck-post --screen blue <"$tmp/in.ck" | data "$tmp/asked"
ok "HEAD's screen is what auto takes" cmp "$tmp/head/processed.001002.npy" "$tmp/asked/processed.001002.npy"

# Without a network.
ck-synth -g 320x180 -n 2 | ck-hint --method key >"$tmp/key.ck"
is "--classical makes alpha and fg" "$(ck-post --classical <"$tmp/key.ck" | planes | grep -o ' alpha.*')" \
    " alpha:f32:1x180x320 fg:f32:3x180x320:srgb processed:f32:4x180x320:linear comp:u8:3x180x320:srgb"
is "in halves if asked" "$(ck-post --classical --despeckle 400 --depth 16 <"$tmp/key.ck" | planes | grep -o ' alpha.*')" \
    " alpha:f16:1x180x320 coverage:f16:1x180x320 fg:f16:3x180x320:srgb processed:f16:4x180x320:linear comp:u8:3x180x320:srgb"
ck-post --classical --despeckle 400 -t 1 <"$tmp/key.ck" | data "$tmp/classical"
ck-post --classical --despeckle 400 -t 2 <"$tmp/key.ck" | data "$tmp/classical2"
ok "1 thread and 2 make the same bytes" diff -r "$tmp/classical" "$tmp/classical2"
same() { cmp <(tail -c +129 "$1") <(tail -c +129 "$2"); } # excluding the header
ok "a hint of the plate's size is the coverage" same "$tmp/classical/hint.000001.npy" "$tmp/classical/coverage.000001.npy"
for name in 0 1 2 3; do tail -c $((4 * 320 * 180 * (4 - name))) "$tmp/classical/processed.000001.npy" | head -c $((4 * 320 * 180)) >"$tmp/channel$name"; done
ok "the matte is despeckled once, as in processed" cmp "$tmp/channel3" <(tail -c $((4 * 320 * 180)) "$tmp/classical/alpha.000001.npy")
ck-post --classical <"$tmp/key.ck" | data "$tmp/whole"
ok "the hint itself: nothing is despeckled unless asked" same "$tmp/whole/hint.000001.npy" "$tmp/whole/alpha.000001.npy"
ok "and there is no coverage" test ! -e "$tmp/whole/coverage.000001.npy"
for depth in 32 16; do
    ck-post --classical --depth $depth <"$tmp/key.ck" | data "$tmp/one$depth"
    ck-matte --from hint --depth $depth <"$tmp/key.ck" | ck-post --unmix --despeckle off --depth $depth |
        data "$tmp/two$depth"
    ok "--classical does what ck-matte and --unmix do, with $depth bits" diff -r "$tmp/one$depth" "$tmp/two$depth"
done
ck-post --classical --depth 16 <"$tmp/key.ck" | ck-post --unmix --depth 16 >"$tmp/halves.ck"
is "of half floats too" "$(planes <"$tmp/halves.ck" | grep -o ' alpha.*')" \
    " alpha:f16:1x180x320 fg:f16:3x180x320:srgb processed:f16:4x180x320:linear comp:u8:3x180x320:srgb"
fails 1 "plane 'alpha' is 9 x 5, but 'rgb' is 32 x 18: leave --native out, or give --no-unmix" "--unmix with a matte of another size" \
    bash -c "'$helpers/mkstream' rgb:u8:3 alpha:f32:1:-:9x5 fg:f32:3 screen=green | ck-post --unmix >/dev/null"
fails 1 "no plane 'rgb' in the stream" "--unmix without a plate" \
    bash -c "'$helpers/mkstream' alpha:f32:1 fg:f32:3 screen=green | ck-post --unmix >/dev/null"
fails 2 "--classical includes --unmix" "--unmix and --classical" \
    bash -c "'$helpers/mkstream' alpha:f32:1 fg:f32:3 screen=green | ck-post --unmix --classical >/dev/null"
# The clean plate defines the screen: a grey-green one, which the plate alone does not reveal.  Without a subject there
# the foreground has the subject's colour, a red, instead of the plate's.
ffmpeg -v error -f lavfi -i "color=0x6e7369:s=64x36:r=1:d=1" -vf "drawbox=24:12:16:24:0xb04c40:t=fill,format=rgb24" "$tmp/grey.png"
sample() { od -A n -t f4 -j $((128 + 4 * (($2 * 36 + $4) * 64 + $3))) -N 4 "$tmp/grey/$1.000000.npy"; }
redder() { awk "BEGIN { exit !($1 > 2 * $2) }"; }
for how in --classical --unmix; do
    ck-decode "$tmp/grey.png" | ck-hint --method key --screen-colour 110,115,105 | ck-post --classical |
        ck-post $how | data "$tmp/grey"
    ok "$how takes the screen from the clean plate" redder "$(sample fg 0 8 8)" "$(sample fg 1 8 8)"
done
ck-decode "$tmp/grey.png" | ck-hint --method key 2>/dev/null | ck-post --classical | data "$tmp/grey"
code=$(od -A n -t u1 -j $((128 + (36 + 8) * 64 + 8)) -N 1 "$tmp/grey/rgb.000000.npy")
is "without one and without a screen the plate is the foreground" \
    "$(awk "BEGIN { printf \"%.5f\", $(sample fg 1 8 8) }")" "$(awk "BEGIN { printf \"%.5f\", $code / 255 }")"
for bad in "clean:f32:3:srgb:8x5|encoded as 'srgb': it must be linear" "clean:f16:3:linear:8x4|down to an eighth of it"; do
    make_stream -g 64x36 rgb:u8:3 hint:f32:1 "${bad%|*}" screen=green >"$tmp/bad.ck"
    fails 1 "${bad#*|}" "refused: ${bad%|*}" bash -c "ck-post --classical <'$tmp/bad.ck' >/dev/null"
done
make_stream rgb:u16:3:linear hint:u8:1:-:9x5 | ck-post --classical --screen green >"$tmp/small.ck"
is "a smaller hint is resized" "$(planes <"$tmp/small.ck")" \
    " rgb:u16:3x18x32:linear hint:u8:1x5x9 alpha:f32:1x18x32 fg:f32:3x18x32:srgb processed:f32:4x18x32:linear comp:u8:3x18x32:srgb"

fails 1 "plane 'coverage' is 9 x 5, but 'rgb' is 32 x 18" "--unmix with a coverage of another size" \
    bash -c "'$helpers/mkstream' rgb:u8:3 alpha:f32:1 coverage:f32:1:-:9x5 screen=green | ck-post --unmix >/dev/null"

# comp over a background.
make_stream -g 201x99 alpha:f32:1 fg:f32:3:srgb background:f32:3:linear screen=green >"$tmp/behind.ck"
ck-post --depth 32 --despeckle off <"$tmp/behind.ck" | data "$tmp/behind"
ck-post --despeckle off <"$tmp/in.ck" | data "$tmp/board"
ok "processed is the same over a background" same "$tmp/behind/processed.000000.npy" "$tmp/board/processed.000000.npy"
ok "comp is not" differ "$tmp/behind/comp.000000.npy" "$tmp/board/comp.000000.npy"
fails 1 "plane 'background' is 9 x 5, but 'fg' is 32 x 18" "a background of another size" \
    bash -c "'$helpers/mkstream' alpha:f32:1 fg:f32:3 background:u8:3:srgb:9x5 screen=green | ck-post >/dev/null"
fails 1 "plane 'background' is encoded as 'pq', but 'fg' as 'srgb': convert one of them" "a background of another curve" \
    bash -c "'$helpers/mkstream' alpha:f32:1 fg:f32:3:srgb background:u8:3:pq screen=green | ck-post >/dev/null"
fails 1 "plane 'background' has 1 channels, not 3" "a background of one channel" \
    bash -c "'$helpers/mkstream' alpha:f32:1 fg:f32:3 background:u8:1 screen=green | ck-post >/dev/null"

# --passthrough into a network's foreground.
"$helpers/mkmodel" --embed 16 --stages 1,1,1,1 --heads 1 --img-size 96 --decoder-width 24 --refiner-width 16 "$tmp/m.safetensors"
ck-infer -m "$tmp/m.safetensors" <"$tmp/key.ck" | ck-refine -m "$tmp/m.safetensors" | ck-matte --from hint >"$tmp/net.ck"
ck-post --passthrough <"$tmp/net.ck" | data "$tmp/through"
ck-post <"$tmp/net.ck" | data "$tmp/without"
ok "--passthrough changes fg" differ "$tmp/through/fg.000001.npy" "$tmp/without/fg.000001.npy"
ck-matte --grow 3 <"$tmp/net.ck" | ck-post --passthrough | data "$tmp/grown"
ok "by the coverage, not by a grown alpha" cmp "$tmp/through/fg.000001.npy" "$tmp/grown/fg.000001.npy"
ok "and nothing that goes in beside it" diff -r -x 'fg.*' -x 'processed.*' -x 'comp.*' "$tmp/through" "$tmp/without"
fails 1 "plane 'alpha' is 9 x 5, but 'rgb' is 32 x 18: leave --native out, or give --no-passthrough" "its matte has another size" \
    bash -c "'$helpers/mkstream' rgb:u8:3 alpha:f32:1:-:9x5 fg:f32:3:-:9x5 screen=green | ck-post --passthrough >/dev/null"
fails 1 "no plane 'rgb' in the stream" "--passthrough without a plate" \
    bash -c "'$helpers/mkstream' alpha:f32:1 fg:f32:3 screen=green | ck-post --passthrough >/dev/null"

# Inputs that are refused, and the messages.
fails 1 "no plane 'alpha' in the stream: add ck-infer and ck-refine upstream, or give --classical" "no alpha" \
    bash -c "'$helpers/mkstream' rgb:u8:3 screen=green | ck-post >/dev/null"
fails 1 "no plane 'fg' in the stream" "no fg" bash -c "'$helpers/mkstream' alpha:f32:1 screen=green | ck-post >/dev/null"
fails 1 "plane 'alpha' is 9 x 5, but 'fg' is 32 x 18" "sizes that differ" \
    bash -c "'$helpers/mkstream' alpha:f32:1:-:9x5 fg:f32:3 screen=green | ck-post >/dev/null"
fails 1 "plane 'fg' is encoded as 'linear'" "a linear fg" \
    bash -c "'$helpers/mkstream' alpha:f32:1 fg:f32:3:linear screen=green | ck-post >/dev/null"
fails 1 "'alpha' has samples of type u8" "an alpha of bytes" \
    bash -c "'$helpers/mkstream' alpha:u8:1 fg:f32:3 screen=green | ck-post >/dev/null"
fails 1 "no plane 'hint' in the stream" "--classical without a hint" \
    bash -c "'$helpers/mkstream' rgb:u8:3 screen=green | ck-post --classical >/dev/null"
fails 1 "no plane 'rgb' in the stream" "--classical without a plate" \
    bash -c "'$helpers/mkstream' hint:u8:1 screen=green | ck-post --classical >/dev/null"
fails 0 "green is assumed" "nothing says which screen: said" \
    bash -c "'$helpers/mkstream' alpha:f32:1 fg:f32:3 | ck-post >/dev/null"
is "and nothing is said when it is known" "$(ck-post <"$tmp/in.ck" 2>&1 >/dev/null)" ""
fails 3 "frame 1002: asked to fail" "an error frame is passed on" \
    bash -c "'$helpers/mkstream' -e 1 alpha:f32:1 fg:f32:3 screen=green | ck-post | ck-info >/dev/null"
fails 3 "no plane 'alpha'" "--keep-going makes error frames" \
    bash -c "'$helpers/mkstream' rgb:u8:3 screen=green | ck-post --keep-going | ck-info >/dev/null"
fails 1 "frame 1003: frame size changed in mid-stream, plane 'alpha' from 32 x 18 to 33 x 18: split the input" \
    "frames that change size" bash -c "'$helpers/mkstream' -n 4 -w 2 alpha:f32:1 fg:f32:3 screen=green | ck-post >/dev/null"
fails 2 "from 0 to 1" "--despill beyond 1" ck-post --despill 1.5
fails 2 "or auto|off" "--despeckle below 0" ck-post --despeckle -1
fails 2 "one of 32|16" "--depth 8" ck-post --depth 8
done_testing
