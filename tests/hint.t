#!/bin/bash
# ck-hint: goldens through the program, plates of every kind, planes that must not change, the choice of the screen.
. "$(dirname "$0")/tap.sh"
gold() { "$helpers/goldstream" "$@"; }
like() { "$helpers/goldcompare" "$@"; }
plane() { ck-info | grep -o " $1:[^ ]*" | head -1; }
screen() { ck-info | grep -o ' screen=[^ ]*' | head -1; }
data() { ck-info --npy "$1"; }

for colour in green blue; do
    if [ -z "$goldens" ]; then
        skip "hint_$colour" "no goldens"
        continue
    fi
    file=hint_$colour.safetensors
    gold $file rgb=rgb:u8:srgb | ck-hint >"$tmp/$colour.ck"
    ok "$colour: the golden's hint exactly" like $file hint hint 0 <"$tmp/$colour.ck"
    is "$colour: HEAD says so" "$(screen <"$tmp/$colour.ck")" " screen=$colour"
    is "$colour: one u8 channel" "$(plane hint <"$tmp/$colour.ck" | cut -d: -f2)" "u8"
    # 8-bit codes survive every wider type and the conversion through linear light, so the hint is the same.
    for kind in u16:srgb f16:srgb f32:srgb u16:linear f32:linear f32:bt709 f16:; do
        gold $file rgb=rgb:$kind | ck-hint >"$tmp/x.ck"
        ok "$colour: the same from a plate of ${kind/:/ }" like $file hint hint 0 <"$tmp/x.ck"
    done
    [ $colour = green ] && other=blue || other=green
    gold $file rgb=rgb:u8:srgb screen=$other | ck-hint >"$tmp/x.ck"
    is "$colour: HEAD's screen goes before the frame's looks" "$(screen <"$tmp/x.ck")" " screen=$other"
    gold $file rgb=rgb:u8:srgb screen=$other | ck-hint --screen $colour >"$tmp/x.ck"
    is "$colour: --screen goes before HEAD" "$(screen <"$tmp/x.ck")" " screen=$colour"
    ok "$colour: and makes the hint" like $file hint hint 0 <"$tmp/x.ck"
    gold $file rgb=rgb:u8:srgb screen=mauve | ck-hint >"$tmp/x.ck"
    is "$colour: a screen we do not know is decided anew" "$(screen <"$tmp/x.ck")" " screen=$colour"
done

# The screen's colour on drawn shots; and the same bytes with any number of threads.
for seed in 1 2 3 4 5 6; do
    is "shot $seed is green" "$(ck-synth -g 320x180 --seed $seed | ck-hint | screen)" " screen=green"
    is "shot $seed in front of blue is blue" "$(ck-synth -g 320x180 --seed $seed --blue | ck-hint | screen)" " screen=blue"
done
ck-synth -g 321x177 -n 5 >"$tmp/shot.ck"
for method in hsv key; do
    ck-hint --method $method -t 1 <"$tmp/shot.ck" | data "$tmp/one"
    ck-hint --method $method -t 4 <"$tmp/shot.ck" | data "$tmp/four"
    ok "$method: 1 thread and 4 make the same bytes" diff -r "$tmp/one" "$tmp/four"
done
is "key: one f32 channel" "$(ck-hint --method key <"$tmp/shot.ck" | plane hint)" " hint:f32:1x177x321:inline"

# An existing hint is not changed, whatever its size.
"$helpers/mkstream" -n 2 rgb:u8:3:srgb hint:u8:1:-:7x5 >"$tmp/old.ck"
ck-hint --screen green <"$tmp/old.ck" | data "$tmp/kept"
data "$tmp/given" <"$tmp/old.ck"
ok "a hint that is there passes unchanged" cmp "$tmp/given/hint.001002.npy" "$tmp/kept/hint.001002.npy"
is "--replace makes a new one" "$(ck-hint --screen green --replace <"$tmp/old.ck" | plane hint)" " hint:u8:1x18x32:inline"
ok "a hint without a plate passes" bash -c "'$helpers/mkstream' hint:f32:1 | ck-hint --screen blue | ck-info"

# The key beside a hint, made or given, is the classical matte.
ck-hint --method key <"$tmp/shot.ck" | data "$tmp/alone"
for method in hsv key; do
    ck-hint --method $method <"$tmp/shot.ck" | data "$tmp/hint"
    ck-hint --method $method --with-key <"$tmp/shot.ck" | data "$tmp/both"
    ok "$method: --with-key leaves the hint as it is" cmp "$tmp/hint/hint.000004.npy" "$tmp/both/hint.000004.npy"
    ok "$method: and adds the matte" cmp "$tmp/alone/hint.000004.npy" "$tmp/both/key.000004.npy"
done
ck-hint --screen green --with-key <"$tmp/old.ck" | data "$tmp/kept"
ck-hint --screen green --method key --replace <"$tmp/old.ck" | data "$tmp/alone"
ok "--with-key leaves a hint that was given" cmp "$tmp/given/hint.001002.npy" "$tmp/kept/hint.001002.npy"
ok "and adds the matte" cmp "$tmp/alone/hint.001002.npy" "$tmp/kept/key.001002.npy"
ck-hint --screen green --with-key --replace <"$tmp/old.ck" | data "$tmp/kept"
ck-hint --screen green --replace <"$tmp/old.ck" | data "$tmp/alone"
ok "--replace replaces it by the method's, not by the matte" cmp "$tmp/alone/hint.001002.npy" "$tmp/kept/hint.001002.npy"

# The clean plate and its noise, whenever the key ran.
meta() { ck-info | grep -o " $1=[^ ]*" | head -1; }
is "hsv makes no clean plate" "$(ck-hint <"$tmp/shot.ck" | plane clean)$(ck-hint <"$tmp/shot.ck" | meta noise)" ""
is "key: a clean plate of an eighth, linear halves" "$(ck-hint --method key <"$tmp/shot.ck" | plane clean)" \
    " clean:f16:3x23x41:linear:inline"
is "--with-key too" "$(ck-hint --with-key <"$tmp/shot.ck" | plane clean)" " clean:f16:3x23x41:linear:inline"
ck-hint --method key <"$tmp/shot.ck" >"$tmp/clean.ck"
is "and three numbers of noise" "$(meta noise <"$tmp/clean.ck" | grep -cE '^ noise=0\.[0-9]+,0\.[0-9]+,0\.[0-9]+$')" 1
data "$tmp/first" <"$tmp/clean.ck"
ck-hint --method key --replace <"$tmp/clean.ck" | data "$tmp/again"
ok "a clean plate that is there passes unchanged" cmp "$tmp/first/clean.000002.npy" "$tmp/again/clean.000002.npy"
# A clean plate of random values is not this plate's screen: no part of the frame resembles it.
"$helpers/mkstream" -g 64x36 rgb:u8:3 clean:f32:3:linear >"$tmp/noise.ck"
ok "a clean plate is the screen, whatever it shows" bash -c "ck-hint --screen green --method key <'$tmp/noise.ck' | ck-info"
for bad in "clean:f32:3:srgb:8x5|encoded as 'srgb': it must be linear" "clean:f32:3:linear:7x5|down to an eighth of it" \
    "clean:f32:1:linear:8x5|has 1 channels, not 3" "clean:u8:3:linear:8x5|samples of type u8"; do
    "$helpers/mkstream" -g 64x36 rgb:u8:3 "${bad%|*}" >"$tmp/bad.ck"
    fails 1 "${bad#*|}" "refused: ${bad%|*}" bash -c "ck-hint --screen green --method key <'$tmp/bad.ck' >/dev/null"
done

# The screen's colour given by hand: a grey-green screen, and one beside a larger area of purer green.
ffmpeg -v error -f lavfi -i "color=0x6e7369:s=64x36:r=1:d=2" -vf "drawbox=24:12:16:24:0xb04c40:t=fill,format=rgb24" \
    "$tmp/grey.%04d.png"
ffmpeg -v error -f lavfi -i "color=0x26a633:s=64x36:r=1:d=1" -vf "drawbox=44:0:20:36:0x598066:t=fill,format=rgb24" "$tmp/two.png"
ck-decode "$tmp/grey.%04d.png" >"$tmp/grey.ck"
ck-decode "$tmp/two.png" >"$tmp/two.ck"
matte() { # STREAM X Y: the matte at that pixel of the first frame, two digits
    rm -rf "$tmp/m"
    data "$tmp/m" <"$1"
    first=$(find "$tmp/m" -name 'hint.*.npy' | sort | head -1)
    tail -c +129 "$first" | od -A n -t f4 -j $((4 * ($3 * 64 + $2))) -N 4 | awk '{ printf "%.2f", $1 }'
}
ck-hint --method key <"$tmp/grey.ck" 2>/dev/null >"$tmp/x.ck"
is "a grey-green screen is none by itself" "$(matte "$tmp/x.ck" 8 8)$(plane clean <"$tmp/x.ck")" 1.00
for by in "--screen-colour 110,115,105" "--screen-at 8,8" "--screen-at 63,35,0"; do
    ck-hint --method key $by <"$tmp/grey.ck" >"$tmp/x.ck" 2>"$tmp/err"
    is "$by keys it" "$(matte "$tmp/x.ck" 8 8) $(matte "$tmp/x.ck" 32 24) $(matte "$tmp/x.ck" 60 2)" "0.00 1.00 0.00"
    is "$by: its clean plate, green, nothing is said" \
        "$(plane clean <"$tmp/x.ck")$(screen <"$tmp/x.ck")$(cat "$tmp/err")" " clean:f16:3x5x8:linear:inline screen=green"
done
ffmpeg -v error -f lavfi -i "color=0x6e7369:s=64x36:r=1:d=1" -vf "drawbox=0:0:1:1:0x6e7369:t=fill,format=rgb24" "$tmp/bare.png"
ck-decode --clean "$tmp/bare.png" "$tmp/grey.0001.png" | ck-hint --screen green --method key >"$tmp/x.ck"
is "a clean plate from a file keys it too" "$(matte "$tmp/x.ck" 8 8) $(matte "$tmp/x.ck" 32 24) $(matte "$tmp/x.ck" 60 2)" \
    "0.00 1.00 0.00"
ck-hint --method key --screen-at 50,20,2 <"$tmp/two.ck" >"$tmp/x.ck"
is "a smaller screen than another green" "$(matte "$tmp/x.ck" 52 4) $(matte "$tmp/x.ck" 10 10)" "0.00 1.00"
ck-hint --method key <"$tmp/two.ck" >"$tmp/x.ck"
is "which is the screen by itself" "$(matte "$tmp/x.ck" 52 4) $(matte "$tmp/x.ck" 10 10)" "1.00 0.00"
is "the larger of green and blue is the screen's" \
    "$(ck-hint --method key --screen-colour 40,120,140 <"$tmp/grey.ck" 2>/dev/null | screen)" " screen=blue"
is "--screen goes before it" \
    "$(ck-hint --method key --screen green --screen-colour 40,135,140 <"$tmp/grey.ck" 2>/dev/null | screen)" " screen=green"
fails 0 "frame 1: almost no pixel has the given screen colour" "a colour that no pixel has, said once" \
    bash -c "ck-hint -t 1 --method key --screen-colour 20,200,220 <'$tmp/grey.ck' >/dev/null" # the first frame is first
is "once" "$(ck-hint --method key --screen-colour 20,200,220 <"$tmp/grey.ck" 2>&1 >/dev/null | grep -c 'almost no pixel')" 1
fails 1 "the stream has a clean plate" "a clean plate and a colour" \
    bash -c "ck-hint --method key --screen-colour 20,200,40 --replace <'$tmp/clean.ck' >/dev/null"
fails 1 "--screen-at 64,2 is outside the plate of 64 x 36" "a spot outside the plate" \
    bash -c "ck-hint --method key --screen-at 64,2 <'$tmp/grey.ck' >/dev/null"
fails 1 "is not a green screen's: it has more of another hue" "a spot in the subject" \
    bash -c "ck-hint --method key --screen-at 32,24 <'$tmp/grey.ck' >/dev/null"
fails 2 "choose one" "two colours by hand" ck-hint --method key --screen-colour 1,200,1 --screen-at 1,1
fails 2 "add --method key or --with-key" "a colour for the hue's recipe" ck-hint --screen-colour 1,200,1
fails 2 "add --method key or --with-key" "a spot for the hue's recipe" ck-hint --screen-at 1,1
for bad in 256,0,0 1,2 1,2,3,4 -1,100,0 1,,2 0x10,100,0 green "0, 200,0"; do
    fails 2 "give R,G,B, each from 0 to 255" "--screen-colour '$bad'" ck-hint --method key --screen-colour="$bad"
done
for bad in 5 1,2,3,4 1.5,2 -1,2 1,2,257 70000,1 a,b; do
    fails 2 "give X,Y or X,Y,R" "--screen-at '$bad'" ck-hint --method key --screen-at="$bad"
done
fails 2 "it has more of another hue" "a red screen" ck-hint --method key --screen-colour 200,40,30
fails 2 "it is too dark" "a black screen" ck-hint --method key --screen-colour 0.1,0.7,0.2

# Messages.
"$helpers/mkstream" -n 2 rgb:f32:3:pq | ck-hint --screen green 2>&1 >/dev/null | grep -c "encoded as 'pq'" >"$tmp/n"
is "an unusual encoding is mentioned once" "$(cat "$tmp/n")" 1
is "usual ones are not" "$("$helpers/mkstream" -n 2 rgb:f32:3:linear | ck-hint --screen green 2>&1 >/dev/null)" ""
fails 1 "frame 1001: no plane 'rgb' in the stream" "a missing plate, by the file's own number" \
    bash -c "'$helpers/mkstream' alpha:f32:1 | ck-hint --screen green >/dev/null"
fails 1 "has 1 channels, not 3" "a grey plate" bash -c "'$helpers/mkstream' rgb:u8:1 | ck-hint --screen green >/dev/null"
fails 0 "green is assumed" "no plate to look at: said" bash -c "'$helpers/mkstream' hint:f32:1 | ck-hint >/dev/null"
fails 3 "decided on frame 1002" "a first frame that failed decides nothing, the next one does" \
    bash -c "'$helpers/mkstream' -e 0 rgb:u8:3 | ck-hint -v >/dev/null"

# Black frames, then blue ones: the first frame with a screen decides.
mkdir "$tmp/leader"
ffmpeg -v error -f lavfi -i color=black:s=64x48:r=1:d=2 -pix_fmt rgb24 "$tmp/leader/a.%04d.png"
ffmpeg -v error -f lavfi -i color=0x1e3cbe:s=64x48:r=1:d=2 -pix_fmt rgb24 -start_number 3 "$tmp/leader/a.%04d.png"
ck-decode "$tmp/leader" | ck-hint -v --method key 2>"$tmp/err" | ck-post -v --classical 2>"$tmp/err2" >"$tmp/leader.ck"
ck-decode "$tmp/leader" | ck-hint --screen blue --method key | ck-post --classical >"$tmp/blue.ck"
is "HEAD refers to the frames" "$(screen <"$tmp/leader.ck")" " screen=frame"
is "a frame without a screen decides nothing, the first one with one does" \
    "$(ck-info <"$tmp/leader.ck" | grep '^FRAME' | grep -o ' screen=[^ ]*' | tr '\n' ' ')" " screen=blue  screen=blue "
is "which is said" "$(grep -c 'screen blue: decided on frame 3' "$tmp/err")-$(grep -c 'screen blue: decided upstream' "$tmp/err2")" 1-1
for p in alpha fg comp; do
    ck-info --npy "$tmp/l" <"$tmp/leader.ck" && ck-info --npy "$tmp/b" <"$tmp/blue.ck"
    ok "$p is keyed as with --screen blue" bash -c "cmp '$tmp/l/$p.000002.npy' '$tmp/b/$p.000002.npy' && cmp '$tmp/l/$p.000003.npy' '$tmp/b/$p.000003.npy'"
done
ck-decode "$tmp/leader/a.0001.png" | ck-hint --method key 2>"$tmp/err" | ck-post --classical 2>"$tmp/err2" >/dev/null
is "no frame with a screen: said once, at the end" "$(grep -c 'green is assumed' "$tmp/err")-$(cat "$tmp/err2")" 1-

fails 1 "frame 1003: frame size changed in mid-stream, plane 'rgb' from 32 x 18 to 33 x 18: split the input" \
    "frames that change size" bash -c "'$helpers/mkstream' -n 4 -w 2 rgb:u8:3 | ck-hint --screen green >/dev/null"
is "--keep-going: they are error frames" \
    "$("$helpers/mkstream" -n 4 -w 2 rgb:u8:3 | ck-hint --screen green --keep-going 2>/dev/null | ck-info 2>/dev/null | grep -c 'error=.*changed in mid-stream')" 2
ok "an empty stream stays empty" bash -c "'$helpers/mkstream' -n 0 | ck-hint 2>&1 >/dev/null | cmp - /dev/null"
fails 2 "one of hsv|key" "an unknown method" ck-hint --method luma
fails 2 "reads standard input" "an argument too many" bash -c "'$helpers/mkstream' rgb:u8:3 | ck-hint plate.png >/dev/null"
done_testing
