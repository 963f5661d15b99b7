#!/bin/bash
# ck-decode on typical user files, whole and broken: output, and that no damage passes silently.
. "$(dirname "$0")/tap.sh"
if ! command -v ffmpeg >/dev/null; then
    skip "ck-decode on real containers" "ffmpeg is not installed"
    done_testing
fi
cd "$tmp" || exit 1
ff() { ffmpeg -v error -y -f lavfi -i "testsrc2=s=160x90:r=25" "$@"; }
lines() { ck-decode "$@" 2>/dev/null | ck-info 2>/dev/null; }
frames() { lines "$@" | grep -c ^FRAME; }
cut() { head -c "$2" "$1" >"$3"; }
size() { stat -c %s "$1"; }

ff -frames:v 12 -c:v libx264 -pix_fmt yuv420p -movflags +faststart a.mp4
ff -frames:v 12 -c:v ffv1 -level 3 -slicecrc 1 a.mkv
ff -frames:v 12 -c:v mpeg2video -f mpegts a.ts
ff -frames:v 12 -c:v prores_ks -profile:v 3 a.mov
ff -frames:v 12 -pix_fmt rgb24 -f nut -c:v rawvideo a.nut
mkdir seq
ff -frames:v 12 -start_number 99 seq/shot.%d.png
ff -frames:v 1 a.jpg
ff -frames:v 1 -pix_fmt rgb24 a.tif
ck-decode seq/shot.99.png | ck-encode --plane rgb=exr exr

# Every kind of input
for f in a.mp4 a.mkv a.ts a.mov a.nut seq; do
    is "$f: 12 frames" "$(frames $f)" 12
done
is "- reads a container from a pipe" "$(frames - <a.nut)" 12
is "a still" "$(lines a.tif | grep -c 'rgb:u8:3x90x160:srgb')" 1
is "EXR is linear half, unless our header says sRGB" "$(lines exr/rgb/shot.99.exr | grep -c 'rgb:f16:3x90x160:srgb')" 1
is "natural order, numbers and stems" "$(lines seq | sed -n 's/^FRAME \([0-9]*\).*stem=\([^ ]*\).*/\1:\2/p' | head -3 | tr '\n' ' ')" \
    "0:shot.99 1:shot.100 2:shot.101 "
is "a pattern" "$(frames 'seq/shot.#.png') $(frames 'seq/shot.%d.png')" "12 12"
is "--frames are numbers of a sequence" "$(lines --frames 100,105- 'seq/shot.%d.png' | grep -o 'number=[0-9]*' | tr '\n' ' ')" \
    "number=100 number=105 number=106 number=107 number=108 number=109 number=110 "
is "and indices of a video" "$(frames --frames 0,3-5 a.mp4)" 4
odd=$'na me\nwith ümlaut: 100%d'
mkdir "$odd"
cp a.mp4 "$odd/$odd.mp4"
cp seq/shot.99.png "$odd/$odd.png"
is "spaces, newlines, colons and percent signs in names: video" "$(frames "$odd/$odd.mp4")" 12
is "and stills" "$(frames "$odd/$odd.png")" 1
is "the matrix is guessed and said so" "$(ck-decode -v a.ts 2>&1 >/dev/null | grep -c guessed)" 1
is "the options go before the guess" "$(ck-decode -v --matrix 709 --code-range full --chroma-location center a.ts 2>&1 >/dev/null | grep -c guessed)" 0

# Hints
is "a still hint is every frame's" "$(lines --hint seq/shot.99.png a.mp4 | grep -c ' hint:u8:1x90x160')" 12
is "a hint video pairs by position" "$(lines --hint a.mkv a.mp4 | grep -c ' hint:')" 12
mkdir hints
for n in 101 102 103; do cp seq/shot.$n.png hints/h.$n.png; done
is "sequences pair by number" "$(lines --hint hints --frames 101-103 seq | grep -c ' hint:')" 3
fails 1 "99" "a hint that lacks a number names it" bash -c "ck-decode --hint hints seq >/dev/null"
ff -frames:v 5 -c:v ffv1 short.mkv
fails 1 "frame 5" "a hint that ends early names the frame" bash -c "ck-decode --hint short.mkv a.mp4 >/dev/null"

# Bad input.
bad() { # NAME TEXT ARGS...
    local name=$1 text=$2
    shift 2
    fails 1 "$text" "$name" bash -c 'ck-decode "$@" | ck-info' _ "$@"
}
bad "no such file" "nowhere.mov" nowhere.mov
mkdir empty text
echo hello >text/a.txt
bad "an empty folder" "empty" empty
bad "a folder without pictures" "text" text
bad "a text file" "text/a.txt" text/a.txt
bad "a pattern that matches nothing" "zzz.####.exr" zzz.####.exr
fails 2 "is not a list of frames" "a bad frame list" bash -c "ck-decode --frames 5-x a.mp4 >/dev/null"
bad "a frame that the sequence has not" "200" --frames 200 seq
for f in seq/shot.99.png a.jpg a.tif exr/rgb/shot.99.exr; do
    good=0 n=$(size $f) ext=${f##*.}
    for part in 10 30 50 70 90 99; do
        cut $f $((n * part / 100)) "cut.$ext"
        ck-decode "cut.$ext" 2>err >/dev/null && good=$((good + 1))
        grep -q "cut.$ext" err || good=$((good + 100))
    done
    is "$ext cut off at six places fails six times and is named" "$good" 0
done
cp seq/shot.99.png crc.png
printf '\xff' | dd of=crc.png bs=1 seek=$(($(size crc.png) / 2)) conv=notrunc status=none
bad "a PNG with a wrong checksum" "crc.png" crc.png
cut a.mp4 $(($(size a.mp4) * 6 / 10)) cut.mp4
bad "an mp4 that declares more frames than it has" "copy it again" cut.mp4
cut a.mov $(($(size a.mov) / 2)) cut.mov
bad "a mov without its index" "copy it again, or try --keep-going" cut.mov
printf '\0\0\0\x14ftypqt  \0\0\0\0qt  ' >cut.mov
bad "one with its first box alone" "cut.mov: neither an image nor a video that libav can open (moov atom not found): copy" cut.mov
cp a.mkv crc.mkv
printf '\x5a\x5a\x5a' | dd of=crc.mkv bs=1 seek=$(($(size crc.mkv) / 2)) conv=notrunc status=none
bad "FFV1 with a wrong checksum" "crc.mkv" crc.mkv
cut a.nut $(($(size a.nut) * 2 / 3)) cut.nut
fails 1 "-: frame 7: damaged" "a container cut off in a pipe" bash -c "ck-decode - < cut.nut | ck-info"
fails 1 "-: neither an image nor a video" "noise in a pipe" bash -c "head -c 5000 /dev/urandom | ck-decode - | ck-info"
ck-decode -v a.ts 2>err >/dev/null
is "a container that declares nothing: the count is reported" "$(grep -c '12 frames; the container declares no count' err)" 1
mkdir mixed
cp seq/shot.99.png mixed/1.png
ffmpeg -v error -y -f lavfi -i testsrc2=s=64x64 -frames:v 1 mixed/2.png
bad "stills that change size" "frame size changed in mid-stream, from 160x90 to 64x64" mixed
cp -r seq broken
cut seq/shot.101.png 500 broken/shot.101.png
bad "one bad still ends the run" "shot.101.png" broken
ck-decode --keep-going broken 2>err | ck-info >out 2>/dev/null
is "with --keep-going it is an error frame in its place, status 3" \
    "${PIPESTATUS[*]} $(grep -c ^FRAME out) $(grep -c '^FRAME 2 .*error=.*shot.101.png' out)" "3 3 12 1"
fails 2 "no input" "no input" bash -c "ck-decode >/dev/null"
for from in /dev/null zero.png ' <(:)'; do
    : >zero.png
    fails 1 "-: no data came in: see the program or file that it is read from" "nothing from $from" \
        bash -c "ck-decode - <$from >/dev/null"
done
bad "an empty file" "zero.png: the file is empty: copy or render it again" zero.png
printf '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x02\0\0\0' >huge.png
bad "a PNG of absurd size" "huge.png" huge.png
# More than a pipe holds: a smaller stream might be written whole before head has read its part.
ck-synth -g 1000x800 -n 1 | ck-encode --plane rgb=png large 2>/dev/null
ck-decode large/rgb 2>err | head -c 1000 >/dev/null
is "| head -c 1000 ends it silently" "${PIPESTATUS[0]} $(cat err)" "141 "
fails 1 "No space left on device" "a full disk behind it" bash -c "ck-decode seq > /dev/full"
done_testing
