#!/bin/bash
# Memory is bounded whatever the clip's length: 2,000 frames of 320x180 against 20; of the slow stage 500.
. "$(dirname "$0")/tap.sh"

# The sanitizers delay the release of freed memory, so peaks are meaningless.
if [ -n "${CK_ASAN-}" ]; then
    skip "peak memory" "AddressSanitizer's quarantine is what would be measured"
    done_testing
fi
if ! command -v ffmpeg >/dev/null; then
    skip "peak memory" "ffmpeg is not installed"
    done_testing
fi

clip() { ffmpeg -v error -f lavfi -i "testsrc2=s=320x180:r=25" -frames:v "$1" -c:v mpeg4 -q:v 5 -y "$2"; }
clip 20 "$tmp/20.mp4"
clip 500 "$tmp/500.mp4"
clip 2000 "$tmp/2000.mp4"
ck-decode --frames 0 "$tmp/20.mp4" | ck-encode --plane rgb=png "$tmp/hint"

# Each stage works on one frame at a time.  The number of finished frames that wait behind it depends on the scheduler,
# so the consumer of the short clip does not read at first: then as many frames wait as ever can.  Rings are off,
# because frames in a ring are not the stage's own memory.
set -o pipefail
export CK_RING=off
peak() { "$helpers/peak" "$tmp/kib" "$@"; }
door() {
    [ "$1" -gt 20 ] || sleep 2
    cat >/dev/null
}
decode() { peak ck-decode -t 1 "$tmp/$1.mp4" | door "$1"; }
hint() { ck-decode "$tmp/$1.mp4" | peak ck-hint -t 1 | door "$1"; }
post() { ck-decode --hint "$tmp/hint/rgb/00000.png" "$tmp/$1.mp4" | peak ck-post -t 1 --classical | door "$1"; }
encode() { ck-decode "$tmp/$1.mp4" | peak ck-encode -t 1 --plane rgb=mp4 "$tmp/out"; }

bounded() { # STAGE FRAMES
    $1 20 && a=$(cat "$tmp/kib") && $1 "$2" && b=$(cat "$tmp/kib") && [ "$a" -gt 0 ] && [ "$b" -le $((a + 2048)) ]
    report $? "ck-$1: $2 frames take $b KiB, 20 frames $a KiB"
}
bounded decode 2000
bounded hint 2000
bounded post 500
bounded encode 2000
is "the long clip was written whole" "$(ffprobe -v error -show_entries stream=nb_frames -of csv=p=0 "$tmp/out/rgb.mp4")" 2000
done_testing
