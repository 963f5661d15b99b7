#!/bin/bash
# Memory is bounded whatever the clip's length: 2,000 frames of 640x360 against 20.
. "$(dirname "$0")/tap.sh"

# The sanitizers keep freed memory for a while: their peaks say nothing about ours.
if [ -n "${CK_ASAN-}" ]; then
    skip "peak memory" "AddressSanitizer's quarantine is what would be measured"
    done_testing
fi
if ! command -v ffmpeg >/dev/null; then
    skip "peak memory" "ffmpeg is not installed"
    done_testing
fi

clip() { ffmpeg -v error -f lavfi -i "testsrc2=s=640x360:r=25" -frames:v "$1" -c:v mpeg4 -q:v 5 -y "$2"; }
clip 20 "$tmp/short.mp4"
clip 2000 "$tmp/long.mp4"
ck-decode --frames 0 "$tmp/short.mp4" | ck-encode --plane rgb=png "$tmp/hint"

# Each stage is fed as fast as it takes frames and emptied at once, and works on one frame at a
# time: how many finished frames pile up behind a slow one is otherwise the scheduler's luck, and
# rare enough that 20 frames may never see it.
peak() { "$helpers/peak" "$tmp/kib" "$@"; }
decode() { peak ck-decode -t 1 "$1" >/dev/null; }
hint() { ck-decode "$1" | peak ck-hint -t 1 >/dev/null; }
post() { ck-decode --hint "$tmp/hint/rgb/00000.png" "$1" | peak ck-post -t 1 --classical >/dev/null; }
encode() { ck-decode "$1" | peak ck-encode -t 1 --plane rgb=mp4 "$tmp/out"; }

for stage in decode hint post encode; do
    $stage "$tmp/short.mp4" && a=$(cat "$tmp/kib") && $stage "$tmp/long.mp4" && b=$(cat "$tmp/kib") &&
        [ "$a" -gt 0 ] && [ "$b" -le $((a + 8192)) ]
    report $? "ck-$stage: 2,000 frames take $b KiB, 20 frames $a KiB"
done
is "the long clip was written whole" "$(ffprobe -v error -show_entries stream=nb_frames -of csv=p=0 "$tmp/out/rgb.mp4")" 2000
done_testing
