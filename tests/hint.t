#!/bin/bash
# ck-hint: goldens through the program, plates of every kind, what is left alone, which screen.
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
    # 8-bit codes survive every wider type and the way through linear light, so the hint is the same.
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

# Which screen, on drawn shots; and the same bytes whatever the threads.
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

# An existing hint is left alone, whatever its size.
"$helpers/mkstream" -n 2 rgb:u8:3:srgb hint:u8:1:-:7x5 >"$tmp/old.ck"
ck-hint --screen green <"$tmp/old.ck" | data "$tmp/kept"
data "$tmp/given" <"$tmp/old.ck"
ok "a hint that is there passes unchanged" cmp "$tmp/given/hint.000001.npy" "$tmp/kept/hint.000001.npy"
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
ok "--with-key leaves a hint that was given" cmp "$tmp/given/hint.000001.npy" "$tmp/kept/hint.000001.npy"
ok "and adds the matte" cmp "$tmp/alone/hint.000001.npy" "$tmp/kept/key.000001.npy"
ck-hint --screen green --with-key --replace <"$tmp/old.ck" | data "$tmp/kept"
ck-hint --screen green --replace <"$tmp/old.ck" | data "$tmp/alone"
ok "--replace replaces it by the method's, not by the matte" cmp "$tmp/alone/hint.000001.npy" "$tmp/kept/hint.000001.npy"

# What is said.
"$helpers/mkstream" -n 2 rgb:f32:3:pq | ck-hint --screen green 2>&1 >/dev/null | grep -c "encoded as 'pq'" >"$tmp/n"
is "an unusual encoding is mentioned once" "$(cat "$tmp/n")" 1
is "usual ones are not" "$("$helpers/mkstream" -n 2 rgb:f32:3:linear | ck-hint --screen green 2>&1 >/dev/null)" ""
fails 1 "frame 1001: no plane 'rgb' in the stream" "a missing plate, by the file's own number" \
    bash -c "'$helpers/mkstream' alpha:f32:1 | ck-hint --screen green >/dev/null"
fails 1 "has 1 channels, not 3" "a grey plate" bash -c "'$helpers/mkstream' rgb:u8:1 | ck-hint --screen green >/dev/null"
fails 0 "green is assumed" "no plate to look at: said" bash -c "'$helpers/mkstream' hint:f32:1 | ck-hint >/dev/null"
fails 3 "decided on frame 1002" "a first frame that failed decides nothing, the next one does" \
    bash -c "'$helpers/mkstream' -e 0 rgb:u8:3 | ck-hint -v >/dev/null"

# Black frames, then blue ones: the first with a screen decides, whatever came before.
mkdir "$tmp/leader"
ffmpeg -v error -f lavfi -i color=black:s=64x48:r=1:d=2 -pix_fmt rgb24 "$tmp/leader/a.%04d.png"
ffmpeg -v error -f lavfi -i color=0x1e3cbe:s=64x48:r=1:d=2 -pix_fmt rgb24 -start_number 3 "$tmp/leader/a.%04d.png"
ck-decode "$tmp/leader" | ck-hint -v --method key 2>"$tmp/err" | ck-post -v --classical 2>"$tmp/err2" >"$tmp/leader.ck"
ck-decode "$tmp/leader" | ck-hint --screen blue --method key | ck-post --classical >"$tmp/blue.ck"
is "HEAD refers to the frames" "$(screen <"$tmp/leader.ck")" " screen=frame"
is "a frame without a screen decides nothing, the first one with one does" \
    "$(ck-info <"$tmp/leader.ck" | grep '^FRAME' | grep -o ' screen=[^ ]*' | tr '\n' ' ')" " screen=blue  screen=blue "
is "which is said" "$(grep -c 'screen blue: decided on frame 3' "$tmp/err")-$(grep -c 'screen blue: as the stream says' "$tmp/err2")" 1-1
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
